import { expect, test } from "vitest";
import { markedIn } from "./marked-lines.ts";

const time = '"timestamp":"2026-11-20T21:04:39.000Z"';
const message = '"type":"response_item","payload":{"type":"message","role":"user"}}';

test.each([
  [`{${time},${message}`, "as Codex writes it"],
  [`{${time},"ordinal":17,${message}`, "with an ordinal"],
  [`{"timestamp":"2026-11-20T21:04:39Z",${message}`, "with another time"],
  [`{${time},"other":{"type":"event_msg"},${message}`, "with another member"],
  [`\uFEFF{${time},${message}`, "behind a byte order mark"],
  [`${"\0".repeat(4_096)}{${time},${message}`, "behind NULs"],
  [`{${message}`, "without a time"],
  ['{"type":"message","role":"user"}', "bare"],
])("a message is found: %#", (text, how) => {
  const other = `{${time},"type":"response_item","payload":{"type":"reasoning"}}\n`;
  const bytes = Buffer.from(`${other}${text}\n${other}`);
  const { messages } = markedIn(bytes);
  expect(
    messages.map(({ start, end }) => bytes.toString("utf8", start, end)),
    how,
  ).toEqual([text]);
});

test("what a text quotes of a line is none", () => {
  const quoted = JSON.stringify({ type: "event_msg", payload: { type: "task_started" } });
  const output = { type: "function_call_output", output: `${quoted}\n${quoted}` };
  const line = JSON.stringify({ timestamp: "2026-11-20T21:04:39Z", type: "response_item", payload: output });
  expect(markedIn(Buffer.from(line))).toEqual({
    messages: [],
    events: [],
    settings: undefined,
    edge: undefined,
  });
});

test("of the lines that begin or end a turn, and of those that set a model, the last one counts", () => {
  const event = (type: string): string => `{${time},"type":"event_msg","payload":{"type":"${type}"}}\n`;
  const bytes = Buffer.from(
    [
      event("task_started"),
      `{${time},"type":"turn_context","payload":{"model":"m"}}\n`,
      event("token_count"),
      event("turn_aborted"),
      event("thread_settings_applied"),
      event("thread_name_updated"),
      event("token_count"),
    ].join(""),
  );
  const { settings, edge } = markedIn(bytes);
  expect(edge?.mark).toBe("aborted");
  expect(bytes.toString("utf8", settings!.start, settings!.end)).toContain("thread_settings_applied");
});
