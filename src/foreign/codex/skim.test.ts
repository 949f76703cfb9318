import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { examine } from "./examine.ts";
import { linesIn } from "./lines.ts";
import { listRollouts } from "./places.ts";
import { asRecord, type RolloutRecord } from "./record.ts";
import { LineSkim } from "./skim.ts";

const fixtures = join(import.meta.dirname, "fixtures");
afterEach(() => vi.restoreAllMocks());

function skimmed(bytes: Buffer): { record: RolloutRecord | undefined; skim: LineSkim } {
  const skim = new LineSkim();
  skim.over(bytes);
  return { record: skim.read(bytes.byteOffset, bytes.byteOffset + bytes.length), skim };
}

function line(type: string, payload: unknown, more: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ timestamp: "2026-11-20T20:47:41.123Z", ...more, type, payload }));
}

/** What is left of a payload that was looked at as a whole, in the members that a skimmed one has. */
function common(payload: JsonObject, { payload: skim }: RolloutRecord): unknown[][] {
  return Object.entries(skim)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      const whole = payload[key];
      return [key, isJsonObject(whole) ? common(whole, { payload: value } as RolloutRecord) : whole];
    });
}

test("of every line that real versions wrote a skim says the same as parsing it, and most are skimmed", () => {
  const kinds = new Set<string>();
  let [lines, skims] = [0, 0];
  for (const version of readdirSync(fixtures)) {
    for (const { path } of listRollouts(join(fixtures, version)).filter(({ form }) => form === "jsonl")) {
      for (const { bytes } of linesIn(readFileSync(path))) {
        lines++;
        const { record, skim } = skimmed(bytes);
        if (!record) continue;
        skims++;
        const value = JSON.parse(bytes.toString("latin1")) as JsonObject;
        const { payload, at: _at, metadata: _metadata, payloadLast: _last, ...whole } = asRecord(value);
        const { payload: own, ...rest } = record;
        expect(rest).toEqual(whole);
        expect(skim.timestamp).toBe(value["timestamp"]);
        if (record.kind !== "task_complete" && record.kind !== "turn_aborted")
          expect(common(payload, record)).toEqual(common(own, record));
        kinds.add(record.kind ?? record.type);
      }
    }
  }
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      "reasoning",
      "function_call",
      "function_call_output",
      "token_count",
      "turn_context",
    ]),
  );
  expect(skims / lines).toBeGreaterThan(0.4);
});

test("nobody who examines a rollout asks for more of a skimmed line than was looked up", async () => {
  const asked = new Set<string>();
  const watched = (value: JsonObject, name: string): JsonObject =>
    new Proxy(value, {
      get(target, key: string) {
        if (!(key in target)) asked.add(`${name}.${key}`);
        const member = target[key];
        return isJsonObject(member) ? watched(member, `${name}.${key}`) : member;
      },
    });
  const { read } = LineSkim.prototype;
  const spy = vi.spyOn(LineSkim.prototype, "read").mockImplementation(function (this: LineSkim, start, end) {
    const record = read.call(this, start, end);
    return record && { ...record, payload: watched(record.payload, record.kind ?? record.type) };
  });
  for (const version of readdirSync(fixtures))
    for (const { path } of listRollouts(join(fixtures, version))) await examine(path);
  expect(spy.mock.results.length).toBeGreaterThan(200);
  expect([...asked]).toEqual([]);
});

test("what is asked of a call, its output, its end, sealed reasoning and a turn is in the record", () => {
  const payloadOf = (type: string, payload: object): unknown => skimmed(line(type, payload)).record?.payload;
  const call = {
    type: "function_call",
    id: "fc_1",
    call_id: "call_1",
    name: "shell",
    arguments: '{"a":"\\n"}',
  };
  expect(payloadOf("response_item", call)).toMatchObject({ id: "fc_1", call_id: "call_1", name: "shell" });
  const withoutCall = { type: "web_search_call", id: "ws_1" };
  expect(payloadOf("response_item", withoutCall)).toMatchObject({ id: "ws_1" });
  for (const content of [{}, { content: null }, { content: [] }]) {
    const sealed = { type: "reasoning", id: "rs_1", encrypted_content: "gAAAAABq", ...content };
    expect(payloadOf("response_item", sealed)).toMatchObject({ id: "rs_1", encrypted_content: "gAAAAABq" });
  }
  expect(payloadOf("event_msg", { type: "exec_command_end", call_id: "call_1" })).toMatchObject({
    call_id: "call_1",
  });
  expect(payloadOf("event_msg", { type: "task_started", turn_id: "t1" })).toEqual({ turn_id: "t1" });
  const item = { type: "CommandExecution", id: "call_1", aggregated_output: "…" };
  expect(payloadOf("event_msg", { type: "item_completed", item })).toEqual({
    item: { type: "CommandExecution", id: "call_1" },
  });
});

test("whether a turn was answered is told as parsing its end tells it", () => {
  for (const [more, isAnswered] of [
    [{ last_agent_message: "done" }, true],
    [{ last_agent_message: null }, false],
    [{}, true],
    [{ error: null, last_agent_message: "done" }, true],
  ] as const) {
    const { record } = skimmed(line("event_msg", { type: "task_complete", ...more }));
    expect(record!.payload["last_agent_message"] !== null).toBe(isAnswered);
  }
});

test("what more is asked of than is looked up has to be parsed", () => {
  const item = (type: string): object => ({ type: "item_completed", item: { type, id: "1" } });
  for (const bytes of [
    line("session_meta", { id: "1" }),
    line("compacted", { message: "" }),
    line("response_item", { type: "message", role: "user", content: [] }),
    line("response_item", { type: "something_new", call_id: "1" }),
    line("response_item", { call_id: "1" }),
    line("response_item", { type: "reasoning", content: [{ type: "reasoning_text", text: "words" }] }),
    line("event_msg", { type: "user_message", message: "hello" }),
    line("event_msg", { type: "thread_rolled_back", num_turns: 1 }),
    line("event_msg", { type: "task_complete", error: { message: "no" } }),
    line("event_msg", { type: "task_started", turn_id: 7 }),
    line("event_msg", item("UserMessage")),
    line("event_msg", item("AgentMessage")),
    line("something_new", { type: "token_count" }),
    line("event_msg", "token_count"),
    line("event_msg", { type: "token_count" }, { timestamp: 7 }),
    Buffer.from('{"type":"reasoning","encrypted_content":"gAAAAABq"}'),
    Buffer.from(String.raw`{"type":"response_item","payload":{"type":"function_call","call_id":"a\n"}}`),
  ])
    expect(skimmed(bytes).record, bytes.toString()).toBeUndefined();
});

test("an ordinal is the number that it is, however it is written", () => {
  for (const ordinal of ["0", "17", "1.5", "1e3", "-1", "123456789012345678"]) {
    const bytes = Buffer.from(`{"type":"event_msg","ordinal":${ordinal},"payload":{"type":"token_count"}}`);
    expect(skimmed(bytes).record?.ordinal).toBe(Number(ordinal));
  }
  const { record } = skimmed(line("event_msg", { type: "token_count" }, { ordinal: "7" }));
  expect([record?.era, record?.ordinal]).toEqual(["envelope", undefined]);
});
