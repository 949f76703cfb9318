import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { isRefusal, type Refusal } from "../refusal.ts";
import { refuseSeal, sealRefusalNames } from "../seal-refusal.ts";
import { parseRequest } from "./request.ts";
import { validateInput } from "./validate.ts";
import { responses } from "./wire.ts";

const user = { role: "user", content: "go" };
const call = (id: string, more: JsonObject = {}): JsonObject => ({
  type: "function_call",
  call_id: id,
  name: "shell_command",
  arguments: "{}",
  ...more,
});
const output = (id: string): JsonObject => ({ type: "function_call_output", call_id: id, output: "ok" });
const customCall = (id: string): JsonObject => ({
  type: "custom_tool_call",
  call_id: id,
  name: "apply_patch",
  input: "",
});
const reasoning = (more: JsonObject = {}): JsonObject => ({
  type: "reasoning",
  summary: [],
  encrypted_content: "good",
  ...more,
});
const said = (text: string): JsonObject => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});

const against = {
  refusal: "coded",
  open: (blob: string) => (blob === "good" ? "" : undefined),
  stored: { hasItem: () => false, reasoningOf: () => undefined },
} as const;

function check(...input: unknown[]): Refusal | undefined {
  const parsed = parseRequest(JSON.stringify({ model: "m", store: false, input }));
  if (isRefusal(parsed)) return parsed;
  return validateInput(parsed, against);
}

function errorOf(...input: unknown[]): unknown {
  return (check(...input)?.body as JsonObject | undefined)?.["error"];
}

describe("what is accepted", () => {
  it.each([
    ["a text", [user]],
    [
      "a paired call with its reasoning",
      [user, reasoning({ id: "rs_1" }), call("call_1", { id: "fc_1" }), output("call_1"), said("done")],
    ],
    [
      "parallel calls whose outputs come between them",
      [user, reasoning({ id: "rs_1" }), call("a"), output("a"), call("b"), output("b")],
    ],
    [
      "a call id that comes again in a later turn",
      [user, call("a"), output("a"), user, call("a"), output("a")],
    ],
    ["reasoning without an id and without its item, as Codex sent it until 0.145", [user, reasoning(), user]],
    ["reasoning without an id and without a seal", [user, reasoning({ encrypted_content: null }), said("x")]],
    [
      "an empty text of arguments",
      [user, customCall("c"), { type: "custom_tool_call_output", call_id: "c", output: "" }],
    ],
    [
      "output as a list of parts",
      [user, call("a"), { ...output("a"), output: [{ type: "input_text", text: "ok" }] }],
    ],
  ])("%s", (_, input) => {
    expect(check(...input)).toBeUndefined();
  });
});

describe("what is refused, in the API's words", () => {
  const refusals: [string, unknown[], number, JsonObject][] = [
    [
      "a call without output",
      [user, call("call_1")],
      400,
      { message: "No tool output found for function call call_1." },
    ],
    [
      "a custom call without output",
      [user, customCall("call_2")],
      400,
      { message: "No tool output found for custom tool call call_2." },
    ],
    [
      "an output of the wrong kind",
      [user, customCall("c"), output("c")],
      400,
      { message: "No tool call found for function call output with call_id c." },
    ],
    [
      "an output without call",
      [user, output("call_3")],
      400,
      { message: "No tool call found for function call output with call_id call_3." },
    ],
    [
      "an output before its call",
      [user, output("a"), call("a")],
      400,
      { message: "No tool call found for function call output with call_id a." },
    ],
    [
      "a second output",
      [user, call("a"), output("a"), output("a")],
      400,
      { message: "No tool call found for function call output with call_id a." },
    ],
    [
      "one id twice",
      [user, reasoning({ id: "rs_1" }), said("x"), reasoning({ id: "rs_1" }), said("y")],
      400,
      { message: "Duplicate item found with id rs_1. Remove duplicate items from your input and try again." },
    ],
    [
      "reasoning known by its id only",
      [user, reasoning({ id: "rs_1", encrypted_content: null }), said("x")],
      404,
      {
        message:
          "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.",
      },
    ],
    ["an item reference", [user, { type: "item_reference", id: "msg_1" }], 404, { param: "input" }],
    [
      "reasoning before a user message",
      [reasoning({ id: "rs_1" }), user],
      400,
      { message: "Item 'rs_1' of type 'reasoning' was provided without its required following item." },
    ],
    [
      "reasoning at the end",
      [user, reasoning({ id: "rs_1" })],
      400,
      { message: "Item 'rs_1' of type 'reasoning' was provided without its required following item." },
    ],
    [
      "a long call id",
      [user, call("c".repeat(65)), output("c".repeat(65))],
      400,
      {
        message:
          "Invalid 'input[1].call_id': string too long. Expected a string with maximum length 64, but got a string with length 65 instead.",
        code: "string_above_max_length",
        param: "input[1].call_id",
      },
    ],
    [
      "a foreign id",
      [user, call("a", { id: "tool_1" }), output("a")],
      400,
      { param: "input[1].id", code: "invalid_value" },
    ],
    [
      "plaintext reasoning",
      [user, reasoning({ content: [{ type: "reasoning_text", text: "hm" }] }), said("x")],
      400,
      { code: "array_above_max_length", param: "input[1].content" },
    ],
    [
      "a seal that is no string",
      [user, reasoning({ encrypted_content: {} }), said("x")],
      400,
      {
        message:
          "[input[1].encrypted_content] [invalid_type] Invalid type for 'input[1].encrypted_content': expected a string, but got an object instead.",
      },
    ],
    [
      "a seal that does not open",
      [user, reasoning({ encrypted_content: "gAAAbadbadc90=" }), said("x")],
      400,
      {
        message: "The encrypted content gAAA...c90= could not be verified.",
        code: "invalid_encrypted_content",
        param: null,
        type: "invalid_request_error",
      },
    ],
    [
      "a compaction that does not open",
      [{ type: "compaction", id: "cmp_1", encrypted_content: "bad" }, user],
      400,
      { code: "invalid_encrypted_content" },
    ],
    ["an unknown type", [user, { type: "thought" }], 400, { param: "input[1]", code: "invalid_value" }],
    ["an item without a type", [user, {}], 400, { message: "Missing required parameter: 'input[1].type'." }],
    [
      "an item that is null",
      [user, null],
      400,
      { message: "Invalid type for 'input[1]': expected an object, but got null instead." },
    ],
    [
      "an output without text",
      [user, call("a"), { type: "function_call_output", call_id: "a" }],
      400,
      { param: "input[2].output" },
    ],
    [
      "a call without a name",
      [user, call("a", { name: undefined }), output("a")],
      400,
      { param: "input[1].name", code: "missing_required_parameter" },
    ],
    ["an unknown role", [{ role: "robot", content: "x" }], 400, { param: "input[0].role" }],
    [
      "a person's part in an answer",
      [{ role: "assistant", content: [{ type: "input_text", text: "x" }] }],
      400,
      { param: "input[0].content[0]" },
    ],
  ];
  it.each(refusals)("%s", (_, input, status, error) => {
    expect(check(...input)?.status).toBe(status);
    expect(errorOf(...input)).toMatchObject(error);
  });

  it("a broken pair hides a dead seal behind it", () => {
    expect(errorOf(user, reasoning({ encrypted_content: "bad" }), call("a"))).toMatchObject({
      message: expect.stringContaining("No tool output") as string,
    });
  });

  it("a chain that nobody keeps, and bodies that are no request", () => {
    const parsed = parseRequest(JSON.stringify({ model: "m", input: "x", previous_response_id: "resp_1" }));
    if (isRefusal(parsed)) throw new Error("the request is whole");
    const asked = responses.continued?.(parsed, () => undefined) ?? parsed;
    expect(validateInput(asked, against)?.about).toBe("previous_response_not_found");
    for (const body of [
      "",
      "{",
      "[]",
      "{}",
      '{"model":"m"}',
      '{"model":"m","input":3}',
      '{"model":"m","input":"x","tools":[1]}',
    ]) {
      expect(isRefusal(parseRequest(body))).toBe(true);
    }
  });
});

describe("wordings of a dead seal", () => {
  const item = { type: "reasoning", id: "rs_1", encrypted_content: "gAAAbadbadc90=" };

  it.each(sealRefusalNames)("%s", (name) => {
    const refusal = refuseSeal(name, item);
    expect(refusal).toMatchSnapshot();
  });

  it("names an item only when it was sent with its id", () => {
    expect(JSON.stringify(refuseSeal("item", item).body)).toContain("for item rs_1 could");
    expect(JSON.stringify(refuseSeal("item", { ...item, id: undefined }).body)).toContain(
      "content gAAA...c90= could",
    );
  });
});
