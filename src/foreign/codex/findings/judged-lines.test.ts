import { expect, it } from "vitest";
import {
  answer,
  blank,
  call,
  event,
  examined,
  gone,
  item,
  type Line,
  output,
  prompt,
} from "../../../../test/kit/examined.ts";
import { judge } from "./judge.ts";

const ran = (id: string): Line => event("exec_command_end", { call_id: id, command: ["ls"] });
const tool = (name: string): Line => item("function_call", { call_id: name, name, arguments: "{}" });
const says = event("agent_message", { message: "a" });
const ended = event("task_complete", { last_agent_message: "a" });
const refused = (message: string): Line => event("task_complete", { error: { message } });
const reasoning = item("reasoning", { summary: [] });
const plain = item("reasoning", { summary: [], content: [{ type: "reasoning_text", text: "so" }] });
const named = answer("a", { id: "msg_1" });
const parted = "Item 'msg_1' of type 'message' was provided without its required 'reasoning' item: 'rs_1'.";
const alone = "Item 'rs_1' of type 'reasoning' was provided without its required following item.";
const long = "Invalid 'input[1].content': array too long. Expected an array with maximum length 0.";

/** What a person is told: each kind with its lines, its count where there is one, and its detail. */
it.each<[string, Line[], string[], "ordinals"?]>([
  [
    "a call in the middle",
    [prompt("one"), call("a"), prompt("two"), answer("b")],
    ["call-without-output at 3, 1: shell"],
  ],
  [
    "a call where the session ends",
    [prompt("one"), call("a")],
    ["note: call-without-output at 3, 1: shell, where the session ends, or was begun from another"],
  ],
  [
    "a call where the session ends, which ran",
    [prompt("one"), call("a"), ran("a")],
    ["call-without-output at 3, 1: shell"],
  ],
  [
    "calls in the middle and at the end",
    [call("a"), prompt("two"), call("b")],
    ["call-without-output at 2 4, 2: shell"],
  ],
  [
    "calls of many tools",
    [...[..."abcdef"].map(tool), prompt("two")],
    ["call-without-output at 2 3 4 5 6 7, 6: a, b, c, d, e"],
  ],
  [
    "a call without a name",
    [item("function_call", { call_id: "a" }), prompt("two")],
    ["call-without-output at 2, 1: call"],
  ],
  [
    "garbage and half of a character",
    [
      "#",
      String.raw`{"timestamp":"2026-11-20T20:48:01.000Z","type":"event_msg","payload":{"type":"error","message":"\ud83d"}}`,
      "[1]",
    ],
    ["lone-surrogate at 3, 1", "unparsable-line at 2 4, 2"],
  ],
  ["outputs", [output("a"), output("b")], ["output-without-call at 2 3, 2"]],
  [
    "an answer, a call and reasoning that are gone",
    [reasoning, says, blank, ended, blank, ran("a"), blank, ended],
    ["lone-reasoning at 2, 1", "lost-message at 4, 1", "lost-call at 6, 1"],
  ],
  ["reasoning that was broken off", [reasoning, prompt("two")], []],
  ["reasoning that was refused", [reasoning, prompt("two"), refused(alone)], ["lone-reasoning at 2, 1"]],
  ["words in reasoning", [plain, answer("a")], ["note: plain-reasoning at 2, 1"]],
  ["words in reasoning that were refused", [plain, answer("a"), refused(long)], ["plain-reasoning at 2, 1"]],
  ["an item whose reasoning was missed", [named, prompt("two"), refused(parted)], ["dependent-id at 4, 1"]],
  ["an item behind the refusal", [prompt("two"), refused(parted), named], []],
  [
    "a line that is gone",
    [
      prompt("one", { id: "msg_1", internal_chat_message_metadata_passthrough: { turn_id: "a" } }),
      gone,
      answer("b"),
    ],
    ["lost-event at 3, 1"],
    "ordinals",
  ],
  [
    "a line without an ordinal at the end",
    ['{"timestamp":"2026-11-20T20:48:01.000Z","type":"event_msg","payload":{"type":"token_count"}}'],
    ["missing-ordinal at 2, 1"],
    "ordinals",
  ],
  [
    "an ordinal that goes back",
    [
      prompt("one"),
      '{"timestamp":"2026-11-20T20:48:01.000Z","ordinal":0,"type":"event_msg","payload":{"type":"token_count"}}',
    ],
    ["ordinal-regressed at 3, 1"],
    "ordinals",
  ],
])("%s: told with the lines and how many they are", async (_what, lines, told, has) => {
  const found = await examined(lines, has);
  const words = judge(found, { path: found.path, now: Date.parse("2026-11-21T12:00:00Z") }).map(
    ({ kind, severity, places, count, detail }) =>
      `${severity === "note" ? "note: " : ""}${kind} at ${places.map(({ line }) => line).join(" ")}, ${count}${detail === undefined ? "" : `: ${detail}`}`,
  );
  expect(words).toEqual(told);
});
