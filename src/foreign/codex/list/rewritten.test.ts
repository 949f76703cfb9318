import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { judged } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { linesIn } from "../rollout/bytes/lines.ts";
import { listRollouts } from "../home/places.ts";
import { scanRollout } from "./scan.ts";
import { Taking } from "../takeover/taking.ts";

const id = "01a0f497-0990-7f13-933f-78cca4bbbb53";
const timestamp = "2026-01-01T00:00:00.000Z";
const header = {
  timestamp,
  type: "session_meta",
  payload: { id, timestamp, cwd: "/w", originator: "codex_cli_rs", cli_version: "0.98.0" },
};
let second = 0;
const line = (type: string, payload: object): object => ({
  timestamp: new Date(Date.parse(timestamp) + 1_000 * second++).toISOString(),
  type,
  payload,
});
const item = (payload: object): object => line("response_item", payload);
const said = (role: string, text: string): object =>
  item({
    type: "message",
    role,
    content: [{ type: role === "user" ? "input_text" : "output_text", text }],
  });
const write = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

function placed(content: string): string {
  const home = temporaryFolder();
  mkdirSync(join(home, "sessions"));
  writeFileSync(join(home, "sessions", `rollout-2026-01-01T00-00-00-${id}.jsonl`), content);
  return home;
}

it("of a large rollout that was written again with spaces, a list says what it says of others", () => {
  const long = "words ".repeat(1_000);
  const rows = [
    header,
    said("user", "count the ponds"),
    line("turn_context", { model: "m-1", effort: "high" }),
    ...Array.from({ length: 200 }, () => [said("assistant", long), said("user", "go on")]).flat(),
    line("event_msg", { type: "task_started", turn_id: "t" }),
    line("turn_context", { model: "m-2", effort: "low" }),
  ];
  const spaced = write(rows).replaceAll('":', '": ').replaceAll(',"', ', "');
  expect(spaced.length).toBeGreaterThan(2 ** 20);
  const facts = scanRollout(listRollouts(placed(spaced))[0]!);
  expect(facts).toMatchObject({ title: "count the ponds", model: "m-2", effort: "low", estimated: true });
  expect(facts.flaws).toEqual(["open-turn"]);
  expect(facts.updated).toBe(Date.parse(timestamp) + 1_000 * (second - 1));
  expect(Math.abs(facts.messages - 401)).toBeLessThan(10);
});

it.each([": ", ":"])(
  "messages that only events tell are counted, with%s between a member and its value",
  (colon) => {
    const event = (type: string, message: string): object => line("event_msg", { type, message });
    const told = [event("user_message", "one"), event("agent_message", "a"), event("user_message", "two")];
    const count = (...rows: object[]): number =>
      scanRollout(listRollouts(placed(write([header, ...rows]).replaceAll('":', `"${colon}`)))[0]!).messages;
    expect(count(...told)).toBe(3);
    expect(count(told[0]!, said("assistant", "a"), ...told.slice(1))).toBe(3);
    expect(count(said("user", "one"), ...told)).toBe(1);
  },
);

it("a turn that Codex has begun since is told as open once", () => {
  const begun = line("event_msg", { type: "task_started", turn_id: "t" });
  const text = spacedOut([header, ...talk]) + write([begun]);
  expect(scanRollout(listRollouts(placed(text))[0]!).flaws).toEqual(["open-turn"]);
});

it("what the last turn failed of is told", () => {
  const error = { message: "You've hit your usage limit.", codex_error_info: "usage_limit_exceeded" };
  const ended = line("event_msg", { type: "task_complete", turn_id: "t", last_agent_message: null, error });
  const facts = scanRollout(listRollouts(placed(spacedOut([header, ...talk, ended])))[0]!);
  expect(facts.failure).toEqual({ kind: "limited", class: "usage-limit" });
});

const talk = [
  said("user", "count the ponds"),
  said("assistant", "two"),
  line("turn_context", { model: "m-1", cwd: "/moved" }),
];
const spacedOut = (rows: readonly object[]): string =>
  write(rows).replaceAll('":', '": ').replaceAll(',"', ', "');
it.each<[string, string]>([
  ["behind a byte order mark", `\uFEFF${spacedOut([header, ...talk])}`],
  ["but for its header", write([header]) + spacedOut(talk)],
  ["without a header", spacedOut(talk)],
  ["in the old shape", spacedOut([{ id, timestamp, instructions: null }, { record_type: "state" }, ...talk])],
  [
    "with something before the payload",
    write([header, ...talk]).replaceAll(',"payload":{"type":"m', ',"metadata":{},"payload":{"type":"m'),
  ],
])("one that was written again %s has its title, its messages and its model", (_how, content) => {
  const facts = scanRollout(listRollouts(placed(content))[0]!);
  expect(facts).toMatchObject({ title: "count the ponds", messages: 2, model: "m-1", cwd: "/moved" });
});

it("lines of other programs among Codex's are no items of the thread", () => {
  const taking = new Taking(() => "codex");
  const rows = [
    header,
    said("user", "count the ponds"),
    { type: "marker", at: 1 },
    { timestamp, type: "event_msg", payload: null },
    { timestamp, type: "tool_call", tool: "shell", arguments: {} },
    { type: "response_item", role: "user", content: "words" },
    said("assistant", "two"),
  ];
  taking.take(linesIn(Buffer.from(write(rows))), 0);
  expect(taking.items).toBe(2);
  expect([...taking.left.keys()]).toEqual(["marker", "tool_call", "no-type"]);
});

it("what a tool still says behind the end of a turn that was broken off is its output", () => {
  const taking = new Taking(() => "codex");
  const call = (call_id: string): object =>
    item({ type: "function_call", name: "shell", arguments: "{}", call_id });
  const rows = [
    header,
    said("user", "count the ponds"),
    call("c1"),
    call("c2"),
    said("user", "<turn_aborted>\nThe user interrupted the turn.\n</turn_aborted>"),
    line("event_msg", { type: "turn_aborted", reason: "interrupted" }),
    item({ type: "function_call_output", call_id: "c1", output: "two" }),
    said("user", "go on"),
  ];
  taking.take(linesIn(Buffer.from(write(rows))), 0);
  const outputs = taking
    .group()
    .flatMap(({ event }) =>
      event.type === "item-added" && event.kind === "function_call_output"
        ? [[event.call, event.origin]]
        : [],
    );
  expect(outputs).toEqual([
    ["c1", "tool"],
    ["c2", "repair"],
  ]);
});

it("records whose ids were written over are no copies of each other", async () => {
  const over = "[trimmed before publishing]";
  const rows = [
    header,
    said("user", "count the ponds"),
    item({ type: "message", id: over, role: "assistant", content: [{ type: "output_text", text: "one" }] }),
    item({ type: "message", id: over, role: "assistant", content: [{ type: "output_text", text: "two" }] }),
    item({ type: "function_call", id: over, name: "shell", arguments: "{}", call_id: over }),
    item({ type: "function_call_output", id: over, call_id: over, output: "ok" }),
  ];
  const { path } = listRollouts(placed(write(rows)))[0]!;
  expect(await judged(path, 0)).toEqual([]);
});
