import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codexRollouts } from "../../../../../test/kit/codex-home.ts";
import { describeItem } from "../../../../session/item.ts";
import { glance } from "../record/glance.ts";
import { copiedItem, loggedItem, type LoggedItem, Room } from "./logged-item.ts";
import { linesIn } from "../bytes/lines.ts";
import { readRecord } from "../record/record.ts";
import { threadSkim } from "./thread-skim.ts";

const rollouts = ["0.58.0", "0.98.0", "0.130.0", "0.169.0"].flatMap((version) =>
  codexRollouts(version).map(({ path }) => path),
);
const room = new Room(0);

function skimmed(line: Buffer): LoggedItem | undefined {
  const glanced = glance(line);
  const item = glanced && threadSkim.item(line, glanced);
  return item && copiedItem(item, room);
}

/** What parsing the line says of its item, the bytes as text. */
function parsed(line: Buffer): { facts: unknown; text: string } | undefined {
  const record = readRecord({ bytes: line, whole: true });
  if (!record.readable || record.type !== "response_item" || record.kind === undefined) return undefined;
  const mark = record.metadata === undefined ? -1 : line.lastIndexOf(',"metadata":{');
  const raw = record.payloadLast ? line.subarray(glance(line)!.payload, mark) : undefined;
  const item = loggedItem(record.payload, room, raw);
  return { facts: item.facts, text: Buffer.from(item.bytes).toString() };
}

const told = (item: LoggedItem | undefined): unknown =>
  item && { facts: item.facts, text: Buffer.from(item.bytes).toString() };

test("calls, outputs and reasoning of real rollouts are told without parsing them, as parsing tells them", () => {
  const kinds = new Map<string, number>();
  for (const line of rollouts.flatMap((path) => linesIn(readFileSync(path)))) {
    const item = skimmed(line.bytes);
    if (!item) continue;
    kinds.set(item.facts.kind, (kinds.get(item.facts.kind) ?? 0) + 1);
    expect(told(item)).toEqual(parsed(line.bytes));
    expect(describeItem(item.bytes)).toEqual(item.facts);
  }
  expect([...kinds.keys()].sort()).toEqual([
    "custom_tool_call",
    "custom_tool_call_output",
    "function_call",
    "function_call_output",
    "reasoning",
  ]);
});

const seal = `gAAAAABpH5nw${"A".repeat(84)}`;
const own = '"internal_chat_message_metadata_passthrough":{"turn_id":"t"}';
const line = (payload: string, more = ""): Buffer =>
  Buffer.from(`{"timestamp":"2026-11-20T21:00:00.000Z","type":"response_item","payload":${payload}${more}}`);

test.each([
  ["an output", '{"type":"function_call_output","call_id":"c","output":"é \\" \\\\ \\u00e9\\n"}'],
  [
    "what only Codex wants at its end",
    `{"type":"function_call","id":"f","call_id":"c","name":"n","arguments":"{}",${own}}`,
  ],
  ["reasoning with a seal", `{"type":"reasoning","id":"r","summary":[],"encrypted_content":"${seal}"}`],
  [
    "reasoning without one",
    '{"type":"reasoning","id":"r","summary":[],"encrypted_content":null,"content":null}',
  ],
  ["an odd seal", `{"type":"reasoning","summary":[],"encrypted_content":"${seal}AAAA"}`],
  ["a short opaque seal", '{"type":"reasoning","summary":[],"encrypted_content":"abcd"}'],
  ["an id with an escape", '{"type":"function_call_output","id":"a\\"b","call_id":"\\u0063","output":""}'],
  ["white space inside", '{"type":"function_call_output","call_id" : "c", "output": "" }'],
])("%s is told as parsing tells it", (_, payload) => {
  const item = skimmed(line(payload));
  expect(told(item)).toEqual(parsed(line(payload)));
  expect(describeItem(item!.bytes)).toEqual(item!.facts);
});

test.each([
  ["a call that was given an object", '{"type":"function_call","call_id":"c","arguments":{}}'],
  ["a list, which may hold a picture", '{"type":"function_call_output","call_id":"c","output":[]}'],
  [
    "reasoning in words",
    '{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"x"}]}',
  ],
  ["what only Codex wants in the middle", `{"type":"function_call","arguments":"",${own},"call_id":"c"}`],
  ["that under a wrong name", '{"type":"function_call","arguments":"","call_id":"c","metadata":{}}'],
  [
    "that of another shape",
    '{"type":"function_call","arguments":"","call_id":"c","internal_chat_message_metadata_passthrough":1}',
  ],
  ["an id at the end", '{"type":"function_call","arguments":"","call_id":"c","id":"f"}'],
  [
    "an id that only what is left out follows",
    `{"type":"function_call","arguments":"","call_id":"c","id":"f",${own}}`,
  ],
  ["an id that is none", '{"type":"function_call","arguments":"","id":null,"call_id":"c"}'],
  ["white space before an id", '{"type":"function_call","arguments":"","id": "f","call_id":"c"}'],
  ["an id that is not ASCII", '{"type":"function_call","arguments":"","id":"é","call_id":"c"}'],
  ["a member twice", '{"type":"function_call","arguments":"","call_id":"c","call_id":"d"}'],
  ["a broken seal", '{"type":"reasoning","encrypted_content":"gAAAAA…"}'],
  [
    "what may be a seal in a call's arguments",
    `{"type":"function_call","arguments":"{\\"message\\":\\"${seal}\\"}"}`,
  ],
  ["a signature", '{"type":"function_call","arguments":"","call_id":"c","thought_signature":"s"}'],
  ["what is no JSON", '{"type":"function_call","arguments":"","call_id":"c",}'],
  ["a raw control character", '{"type":"function_call_output","call_id":"c","output":"\u0001"}'],
])("%s is left to be parsed", (_, payload) => {
  expect(skimmed(line(payload))).toBeUndefined();
});

test("a line with something behind the payload, or that is no UTF-8, is left to be parsed", () => {
  const payload = '{"type":"function_call_output","call_id":"c","output":"x"}';
  expect(skimmed(line(payload, ',"metadata":null'))).toBeUndefined();
  expect(skimmed(line(payload, ',"metadata":{},"more":1'))).toBeUndefined();
  expect(skimmed(line(payload, " "))).toBeUndefined();
  const cut = line(payload);
  cut[cut.lastIndexOf("x")] = 0xff;
  expect(skimmed(cut)).toBeUndefined();
  expect(skimmed(Buffer.concat([line(payload), Buffer.from(" ")]))).toBeUndefined();
  expect(skimmed(line(payload).subarray(0, -1))).toBeUndefined();
  expect(told(skimmed(line(payload)))).toEqual(parsed(line(payload)));
});

test("what newer versions keep of a line behind its payload is no part of the item", () => {
  const payload = '{"type":"function_call_output","call_id":"c","output":"x"}';
  const metadata = ',"metadata":{"history_sequence":4,"client_authored":false}';
  expect(told(skimmed(line(payload, metadata)))).toMatchObject({ text: payload });
  expect(parsed(line(payload, metadata))).toMatchObject({ text: payload });
  // A program that writes all members, those that it has nothing for, too.
  expect(parsed(line(payload, ',"metadata":null'))).toMatchObject({ text: payload });
});

test("an id that only what is left out follows is cut without the brace", () => {
  const { facts, text } = parsed(line(`{"type":"function_call","call_id":"c","id":"f",${own}}`))!;
  expect(describeItem(Buffer.from(text))).toEqual(facts);
});

test("what a thread has used is told of its last count alone", () => {
  const usage = (payload: string): unknown => {
    const bytes = Buffer.from(
      `{"timestamp":"2026-11-20T21:00:00.000Z","type":"event_msg","payload":${payload}}`,
    );
    return threadSkim.usage(bytes, glance(bytes)!);
  };
  const total = '{"input_tokens":12,"cached_input_tokens":3,"output_tokens":5,"total_tokens":17}';
  expect(usage(`{"type":"token_count","info":{"total_token_usage":${total},"last_token_usage":{}}}`)).toEqual(
    {
      inputTokens: 12,
      cachedInputTokens: 3,
      outputTokens: 5,
      reasoningTokens: 0,
    },
  );
  expect(usage('{"type":"token_count","info":null,"rate_limits":{}}')).toBe("nothing");
  expect(usage('{"type":"token_count","info":{"total_token_usage":{"input_tokens":1}')).toBeUndefined();
});
