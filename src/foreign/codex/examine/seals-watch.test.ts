import { expect, it } from "vitest";
import { blank, event, examined, item, type Line, sealed } from "../../../../test/kit/examined.ts";

const at = Date.parse("2026-11-20T10:00:00Z");
const blob = sealed(at);
const part = { type: "encrypted_content", encrypted_content: blob };
const inWords = { type: "encrypted_content", encrypted_content: "Look at the tests." };
const text = { type: "input_text", text: `"encrypted_content" ${blob}` };
const spawn = { type: "function_call", call_id: "b", name: "spawn_agent" };
const given = (message: string): string => JSON.stringify({ task: "a", message });
const kept = (...items: unknown[]): Line => ["compacted", { message: "", replacement_history: items }];

it.each<[string, Line, string[]]>([
  ["reasoning", item("reasoning", { id: "rs_1", encrypted_content: blob }), ["reasoning rs_1"]],
  ["reasoning without an id", item("reasoning", { id: null, encrypted_content: blob }), ["reasoning"]],
  ["reasoning that isn't sealed", item("reasoning", { id: "rs_1", encrypted_content: null }), []],
  ["a summary", item("compaction", { id: "cmp_1", encrypted_content: blob }), ["compaction cmp_1"]],
  ["an item of a kind that nobody knows", item("poem", { encrypted_content: blob }), ["message"]],
  [
    "a message between agents",
    item("agent_message", { content: [text, null, part, inWords, part] }),
    ["message", "message"],
  ],
  ["one without a list", item("agent_message", { content: "a" }), []],
  ["one on a line of its own", ["inter_agent_communication", { encrypted_content: blob }], ["message"]],
  ["one in words", ["inter_agent_communication", inWords], []],
  ["a message", item("message", { role: "assistant", encrypted_content: blob }), ["within"]],
  ["parts of an output", item("function_call_output", { call_id: "a", output: [text, part] }), ["within"]],
  ["an output that quotes a seal", item("function_call_output", { call_id: "a", output: text.text }), []],
  ["a call", item("function_call", { ...spawn, encrypted_content: blob }), ["within"]],
  [
    "a call's argument",
    item("function_call", { ...spawn, id: "fc_1", arguments: given(blob) }),
    ["within fc_1"],
  ],
  ["a call that quotes a seal", item("function_call", { ...spawn, arguments: given(`a ${blob}`) }), []],
  ["another call's argument", item("custom_tool_call", { call_id: "b", arguments: given(blob) }), []],
  [
    "what a summary's line keeps",
    kept(
      null,
      { type: "compaction", id: "cmp_1", encrypted_content: blob },
      { type: "reasoning", encrypted_content: blob },
      { type: "message", id: "msg_1", role: "user", content: [text, part] },
      { type: "function_call_output", id: "fco_1", encrypted_content: blob, output: [part] },
      { ...spawn, arguments: given(blob) },
      { ...spawn, type: "custom_tool_call", arguments: given(blob) },
      { type: "message", content: "a" },
    ),
    ["compaction cmp_1", "compaction", "within", "within fco_1", "within", "within"],
  ],
  ["a summary's line that keeps nothing", ["compacted", { message: "a" }], []],
  ["an event", event("error", { encrypted_content: blob, content: [part] }), []],
])("%s: what is sealed in it is found", async (_what, line, found) => {
  const { seals } = await examined([blank, line]);
  expect([...seals.blobs].map((one) => (one.id === undefined ? one.in : `${one.in} ${one.id}`))).toEqual(
    found,
  );
  for (const { index, sealedAt, malformed, tail } of seals.blobs)
    expect([index, sealedAt, malformed, tail]).toEqual([2, at, false, blob.slice(-16)]);
});
