import { readdirSync, readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { codexFixtures, codexRollouts } from "../../../../test/kit/codex-home.ts";
import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import { examine } from "./examine.ts";
import { linesIn } from "../rollout/bytes/lines.ts";
import { asRecord } from "../rollout/record/record.ts";
import { lineSkim } from "./skim.ts";
import { describeText } from "../../../session/seal.ts";
import { TextSet } from "./text-set.ts";
import {
  askedOfItem,
  askedOfPayload,
  formedOfPayload,
  itemOf,
  watched,
  type WatchedRecord,
} from "./watched-record.ts";

afterEach(() => vi.restoreAllMocks());

function skimmed(bytes: Buffer): WatchedRecord | undefined {
  lineSkim.over(bytes);
  return lineSkim.read(0, bytes.length);
}

function line(type: string, payload: unknown, more: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ timestamp: "2026-11-20T20:47:41.123Z", ...more, type, payload }));
}

const ids = new TextSet(10_000);

/** What is told of a line. */
function told(record: WatchedRecord): object {
  const { era, type, kind, ordinal, timestamp, payload, seal } = record;
  // Of several lines the same id has the same number, however it was read.
  const numbers = [record.idIn(ids, 1), record.callIn(ids)];
  const texts = (["id", "call_id", "name", ...formedOfPayload] as const).filter((name) =>
    record.isText(name),
  );
  const parts = [record.hasParts, record.partsHead.slice(0, '[{"type":"text"}'.length)];
  const members = askedOfPayload.map((name) => [name, payload[name]] as const);
  const item = itemOf({ kind: "item_completed", payload });
  const ofItem = item && askedOfItem.map((name) => [name, item[name]] as const);
  const { item: _item, ...rest } = Object.fromEntries(members);
  const sealed = [seal && describeText(seal), record.ownId?.slice(0)];
  const form = { numbers, texts, parts, sealed };
  return { era, type, kind, ordinal, timestamp, ...form, payload: rest, item: ofItem ?? payload.item };
}

/** What parsing the line tells. */
function parsed(bytes: Buffer): object {
  const value = JSON.parse(bytes.toString("latin1")) as JsonObject;
  return told(watched(asRecord(value), value["timestamp"]));
}

test("of every line that real versions wrote a skim says the same as parsing it, and most are skimmed", () => {
  const kinds = new Set<string>();
  let [lines, skims] = [0, 0];
  for (const version of readdirSync(codexFixtures)) {
    for (const { path } of codexRollouts(version).filter(({ form }) => form === "jsonl")) {
      for (const { bytes } of linesIn(readFileSync(path))) {
        lines++;
        const record = skimmed(bytes);
        if (!record) continue;
        skims++;
        expect(told(record)).toEqual(parsed(bytes));
        kinds.add(record.kind || record.type);
      }
    }
  }
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      "reasoning",
      "function_call",
      "message",
      "token_count",
      "item_completed",
      "compacted",
    ]),
  );
  expect(skims / lines).toBeGreaterThan(0.9);
});

test("nobody who examines a rollout asks for more of an item than was looked up", async () => {
  const asked = new Set<string>();
  const looking = (value: object, name: string): object =>
    new Proxy(value, {
      get(target, key: string) {
        if (!(key in target)) asked.add(`${name}.${key}`);
        const member = (target as JsonObject)[key];
        // What is in a list was parsed.
        return isJsonObject(member) ? looking(member, `${name}.${key}`) : member;
      },
    });
  const read = lineSkim.read.bind(lineSkim);
  const spy = vi.spyOn(lineSkim, "read").mockImplementation((start, end) => {
    const record = read(start, end);
    if (!record) return undefined;
    const looked = looking(record.payload, record.kind || record.type);
    return new Proxy(record, {
      get: (target, name: keyof WatchedRecord) => {
        const value = name === "payload" ? looked : target[name];
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  });
  for (const version of readdirSync(codexFixtures))
    for (const { path } of codexRollouts(version)) await examine(path);
  expect(spy.mock.results.length).toBeGreaterThan(200);
  expect([...asked]).toEqual([]);
});

test("what is told of a line is what parsing it tells, whatever its members are", () => {
  const item = { type: "CommandExecution", id: "call_1", aggregated_output: "…", content: [{ text: "a\n" }] };
  for (const bytes of [
    line("session_meta", { id: "1", item: 3 }),
    line("compacted", { message: "", replacement_history: [{ type: "message", id: "\u{1F600}" }] }),
    line("response_item", { type: "message", role: "user", content: [{ type: "input_text", text: "a\nb" }] }),
    line("response_item", { type: "something_new", call_id: "1", id: 7, name: null, role: {} }),
    line("response_item", { call_id: "1", content: "text", encrypted_content: "gAAAAABq" }),
    line("response_item", { type: 7, id: ["1"] }),
    line("response_item", { type: "function_call", call_id: "", name: "shell", arguments: "{}" }),
    line("response_item", { type: "function_call", call_id: "cäll", name: "shell", arguments: {} }),
    line("response_item", { type: "function_call_output", call_id: "a\n", output: [{ type: "text" }] }),
    line("response_item", {
      type: "function_call_output",
      call_id: '"output":',
      output: '[{"type":"text"}]',
    }),
    line("response_item", { type: "function_call_output", call_id: 7, output: [] }),
    line("response_item", { type: "custom_tool_call", input: "a\nb", output: { body: [] } }),
    line("event_msg", { type: "user_message", message: "hällo" }),
    line("event_msg", { type: "thread_rolled_back", num_turns: 1.5 }),
    line("event_msg", { type: "task_complete", error: { message: "no" }, last_agent_message: null }),
    line("event_msg", { type: "item_completed", item }),
    line("event_msg", { type: "item_completed", item: [item] }),
    line("event_msg", { type: "item_completed", item: {} }),
    line("event_msg", { type: "token_count" }, { timestamp: { at: 7 } }),
    line("event_msg", { type: "token_count" }, { timestamp: null }),
    line("event_msg", { type: "token_count" }, { ordinal: "7" }),
    line("event_msg", { type: "token_count" }, { ordinal: null }),
    Buffer.from(String.raw`{"type":"response_item","payload":{"type":"function\u005fcall","call_id":"a\n"}}`),
  ])
    expect(told(skimmed(bytes)!), bytes.toString()).toEqual(parsed(bytes));
});

test("a line without an envelope, and one that says something twice, have to be parsed", () => {
  for (const bytes of [
    line("event_msg", "token_count"),
    line("event_msg", []),
    Buffer.from('{"type":7,"payload":{}}'),
    Buffer.from('{"type":"reasoning","encrypted_content":"gAAAAABq"}'),
    Buffer.from('{"type":"event_msg","payload":{"id":1,"id":2}}'),
    Buffer.from('{"type":"event_msg","payload":{"item":{"id":1,"id":2}}}'),
  ])
    expect(skimmed(bytes), bytes.toString()).toBeUndefined();
});

test("an ordinal is the number that it is, however it is written", () => {
  for (const ordinal of ["0", "17", "1.5", "1e3", "-1", "123456789012345678"]) {
    const bytes = Buffer.from(`{"type":"event_msg","ordinal":${ordinal},"payload":{"type":"token_count"}}`);
    expect(skimmed(bytes)?.ordinal).toBe(Number(ordinal));
  }
});
