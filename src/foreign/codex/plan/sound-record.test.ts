import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../lib/json.ts";
import type { RolloutRecord } from "../rollout/record/record.ts";
import { isSound } from "./sound-record.ts";

const record = (type: string, payload: JsonObject): RolloutRecord => {
  const kind = payload["type"];
  return { readable: true, era: "envelope", type, payload, ...(typeof kind === "string" && { kind }) };
};
const item = (type: string | undefined, payload: JsonObject): RolloutRecord =>
  record("response_item", { ...(type !== undefined && { type }), ...payload });

const words = { type: "input_text", text: "" };
const picture = { type: "input_image", image_url: "data:image/png;base64," };
const message = { role: "user", content: [words, picture] };
const call = { name: "web.run", arguments: "{}", call_id: "call_1" };
const custom = { name: "apply_patch", input: "", call_id: "call_1" };
const output = { call_id: "call_1", output: "done" };

describe("a record that Codex reads", () => {
  it.each([
    ["a message", item("message", message)],
    ["reasoning", item("reasoning", { summary: [{ type: "summary_text", text: "" }] })],
    ["reasoning without a summary", item("reasoning", { summary: [] })],
    ["a call", item("function_call", call)],
    ["a custom call", item("custom_tool_call", custom)],
    ["an output", item("function_call_output", output)],
    ["an output in parts", item("function_call_output", { ...output, output: [words, picture] })],
    ["a prompt from elsewhere", item("function_call_output", { name: "send_message", output: "go on" })],
    ["a custom call's output", item("custom_tool_call_output", output)],
    ["an item of a kind that nobody here knows", item("hover_call", {})],
    ["a record of a type that nobody here knows", record("world_state", { type: "x", content: 1 })],
    ["an event", record("event_msg", { type: "user_message", message: 1 })],
    ["an event of a turn", record("event_msg", { type: "task_complete", turn_id: "01a20b6c-fa5e" })],
    ["an event of no turn", record("event_msg", { type: "error", turn_id: null })],
    ["a header, which has no kind", record("session_meta", { id: "x" })],
    ["a bare header, which has no type either", record("", { id: "x" })],
  ])("is sound: %s", (_what, sound) => {
    expect(isSound(sound)).toBe(true);
  });
});

describe("a record that Codex passes over, or that a provider refuses", () => {
  const without = (members: JsonObject, name: string): JsonObject =>
    Object.fromEntries(Object.entries(members).filter(([key]) => key !== name));
  it.each<readonly [string, RolloutRecord]>([
    ["a type with another letter", record("event\uFFFDmsg", { type: "user_message" })],
    ["a kind with another letter", record("event_msg", { type: "user message" })],
    ["a turn with another letter", record("event_msg", { type: "task_complete", turn_id: "01a20b6c fa5e" })],
    ["an item without a kind", item(undefined, message)],
    ["a message without a role", item("message", without(message, "role"))],
    ["a role with another letter", item("message", { ...message, role: "us?r" })],
    ["a message without content", item("message", without(message, "content"))],
    ["content that is no list", item("message", { ...message, content: "words" })],
    ["a part that is no object", item("message", { ...message, content: [words, "words"] })],
    ["a part that is null", item("message", { ...message, content: [null] })],
    ["a part without a type", item("message", { ...message, content: [{ text: "" }] })],
    ["a part's type with another letter", item("message", { ...message, content: [{ type: "input text" }] })],
    ["a part without its words", item("message", { ...message, content: [{ type: "input_text" }] })],
    ["reasoning without a list", item("reasoning", {})],
    ...Object.keys(call).map(
      (name) => [`a call without ${name}`, item("function_call", without(call, name))] as const,
    ),
    ...Object.keys(custom).map(
      (name) => [`a custom call without ${name}`, item("custom_tool_call", without(custom, name))] as const,
    ),
    ["a tool's name with another letter", item("function_call", { ...call, name: "shell\u0000" })],
    ["an output without a call or a name", item("function_call_output", { output: "done" })],
    ["an output's call that is no text", item("function_call_output", { ...output, call_id: 1 })],
    ["an output without words", item("function_call_output", { call_id: "call_1" })],
    [
      "an output's part without its words",
      item("function_call_output", { ...output, output: [words, { type: "input_text" }] }),
    ],
    [
      "a custom call's output with a name alone",
      item("custom_tool_call_output", { name: "x", output: "done" }),
    ],
    ["an output of an unknown kind without words", item("hover_call_output", {})],
  ])("is not: %s", (_what, unsound) => {
    expect(isSound(unsound)).toBe(false);
  });
});
