import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../lib/json.ts";
import { isRefusal } from "../refusal.ts";
import { parseMessages } from "./request.ts";
import { digestOf, signatureOf } from "./signature.ts";
import { validateMessages } from "./validate.ts";

/** Stands for a seal whose key is at hand: the blob is what it holds. */
const sealed = (thinking: string): string =>
  signatureOf(Buffer.from(digestOf(thinking)).toString("base64url"));
const open = (seal: string): string | undefined => {
  const text = Buffer.from(seal, "base64url").toString();
  return /^[0-9a-f]{64}$/u.test(text) ? text : undefined;
};

const user = (...content: JsonObject[]): JsonObject => ({ role: "user", content });
const assistant = (...content: JsonObject[]): JsonObject => ({ role: "assistant", content });
const text = (value: string): JsonObject => ({ type: "text", text: value });
const use = (id: string): JsonObject => ({ type: "tool_use", id, name: "shell_command", input: {} });
const result = (id: string): JsonObject => ({ type: "tool_result", tool_use_id: id, content: "ok" });
const thought = (thinking: string, signature = sealed(thinking)): JsonObject => ({
  type: "thinking",
  thinking,
  signature,
});

const tools = [{ name: "shell_command", input_schema: { type: "object" } }];
const thinks = { thinking: { type: "enabled", budget_tokens: 2048 } };

function refused(messages: JsonObject[], more: JsonObject = {}): string | undefined {
  const body = { model: "claude-sonnet-4-5", max_tokens: 4096, tools, messages, ...more };
  const request = parseMessages(JSON.stringify(body));
  const refusal = isRefusal(request) ? request : validateMessages(request, { open });
  return refusal && ((refusal.body as JsonObject)["error"] as JsonObject)["message"]?.toString();
}

const loop = (...first: JsonObject[]): JsonObject[] => [
  user(text("a")),
  assistant(...first, use("1")),
  user(result("1")),
];

describe("the Messages API takes", () => {
  it.each<[string, JsonObject[], JsonObject?]>([
    ["roles that don't alternate, as one turn", [user(text("a")), user(text("b")), ...loop()]],
    ["text after the results", [user(text("a")), assistant(use("1")), user(result("1"), text("and"))]],
    [
      "results in two messages",
      [user(text("a")), assistant(use("1"), use("2")), user(result("2")), user(result("1"))],
    ],
    ["a prefill without thinking", [user(text("a")), assistant(text("b"))]],
    ["an open loop with its thinking", loop(thought("hm")), thinks],
    [
      "a loop that began with thinking",
      [...loop(thought("hm")), assistant(use("2")), user(result("2"))],
      thinks,
    ],
    ["closed turns without thinking", [...loop(), assistant(text("b")), user(text("c"))], thinks],
    [
      "an open loop without thinking where thinking is adaptive",
      loop(),
      { model: "claude-opus-4-7", thinking: { type: "adaptive" } },
    ],
    ["anything in thinking blocks when thinking is off", loop(thought("hm", "gone"))],
  ])("%s", (_what, messages, more) => {
    expect(refused(messages, more)).toBeUndefined();
  });
});

describe("the Messages API refuses", () => {
  it.each<[string, JsonObject[], JsonObject, RegExp]>([
    [
      "an assistant's first message",
      [assistant(text("a")), user(text("b"))],
      {},
      /first message must use the "user" role/,
    ],
    [
      "a call without its result",
      [user(text("a")), assistant(use("1")), user(text("b"))],
      {},
      /^messages\.1: `tool_use` ids were found without `tool_result` blocks immediately after: 1\./,
    ],
    [
      "a result behind text",
      [user(text("a")), assistant(use("1")), user(text("b"), result("1"))],
      {},
      /immediately after: 1\./,
    ],
    [
      "a result without its call",
      [user(text("a"), result("9"))],
      {},
      /^messages\.0\.content\.1: unexpected `tool_use_id` found in `tool_result` blocks: 9\./,
    ],
    ["an id twice", [...loop(), ...loop().slice(1)], {}, /ids must be unique/],
    [
      "an id with a dot",
      [user(text("a")), assistant(use("a.b")), user(result("a.b"))],
      {},
      /should match pattern/,
    ],
    ["calls where no tool is offered", loop(), { tools: [] }, /must define tools/],
    ["empty text", [user(text(""))], {}, /must be non-empty/],
    ["blank text", [user(text(" \n"))], {}, /non-whitespace/],
    ["a message without content", [user(text("a")), assistant(), user(text("b"))], {}, /non-empty content/],
    [
      "a prefill with thinking",
      [user(text("a")), assistant(text("b"))],
      thinks,
      /must end with a user message/,
    ],
    [
      "a prefill from 4.6 on",
      [user(text("a")), assistant(text("b"))],
      { model: "claude-opus-4-6" },
      /prefill/,
    ],
    [
      "five cache marks",
      [user(...Array.from({ length: 5 }, () => ({ ...text("a"), cache_control: { type: "ephemeral" } })))],
      {},
      /maximum of 4 .* Found 5/,
    ],
    [
      "a signature of another key",
      loop(thought("hm", "EqQBCg==")),
      thinks,
      /^messages\.1\.content\.0: Invalid `signature` in `thinking` block/,
    ],
    [
      "a block without a signature",
      loop({ type: "thinking", thinking: "hm" }),
      thinks,
      /signature: Field required/,
    ],
    [
      "thinking that was changed in the latest turn",
      loop(thought("other", sealed("hm"))),
      thinks,
      /in the latest assistant message cannot be modified/,
    ],
    [
      "thinking that was changed before",
      [...loop(thought("other", sealed("hm"))), assistant(text("b")), user(text("c"))],
      thinks,
      /^messages\.1\.content\.0: Invalid `signature`/,
    ],
    [
      "an open loop that has lost its thinking",
      loop(),
      thinks,
      /^messages\.1\.content\.0\.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`/,
    ],
    [
      "thinking at a turn's end",
      [user(text("a")), assistant(text("b"), thought("hm")), user(text("c"))],
      thinks,
      /final block .* cannot be `thinking`/,
    ],
    [
      "a budget beyond max_tokens",
      [user(text("a"))],
      { thinking: { type: "enabled", budget_tokens: 4096 } },
      /must be greater than `thinking\.budget_tokens`/,
    ],
    [
      "a forced tool with thinking",
      [user(text("a"))],
      { ...thinks, tool_choice: { type: "any" } },
      /forces tool use/,
    ],
    [
      "adaptive thinking before 4.6",
      [user(text("a"))],
      { thinking: { type: "adaptive" } },
      /adaptive thinking is not supported/,
    ],
    ["no max_tokens", [user(text("a"))], { max_tokens: null }, /max_tokens: Field required/],
  ])("%s", (_what, messages, more, expected) => {
    expect(refused(messages, more)).toMatch(expected);
  });
});
