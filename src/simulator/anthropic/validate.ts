import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { firstRefusal, type Refusal } from "../refusal.ts";
import type { RequestCheck } from "../wire.ts";
import { invalid } from "./refusal.ts";
import type { MessagesMessage, MessagesRequest } from "./request.ts";
import { digestOf, sealOf } from "./signature.ts";

type SealCheck = Pick<RequestCheck, "open">;

/**
 * What the Messages API refuses of a request, or `undefined` when it would take it; in the API's order: shape, pairing, parameters,
 * thinking last, so that one error can hide behind another. Texts as reported in public issue threads and as documented, 2025-03 to
 * 2026-11. Messages of one role in a row are one turn, as the API takes them.
 */
export function validateMessages(request: MessagesRequest, check: SealCheck): Refusal | undefined {
  const { messages, thinking } = request;
  return (
    firstRefusal(messages, shape) ??
    marks(request) ??
    identities(messages) ??
    pairing(messages, request.tools.length > 0) ??
    ends(request) ??
    parameters(request) ??
    (thinking === "off" ? undefined : thoughts(request, check))
  );
}

const known: Readonly<Record<MessagesMessage["role"], readonly string[]>> = {
  user: ["text", "image", "document", "tool_result", "search_result"],
  assistant: [
    "text",
    "tool_use",
    "thinking",
    "redacted_thinking",
    "server_tool_use",
    "web_search_tool_result",
  ],
};

function shape({ role, content }: MessagesMessage, at: number): Refusal | undefined {
  if (content.length === 0)
    return invalid(
      `messages.${at}: all messages must have non-empty content except for the optional final assistant message`,
    );
  return firstRefusal(content, (block, part) => {
    const where = `messages.${at}.content.${part}`;
    const type = String(block["type"]);
    if (!known[role].includes(type))
      return invalid(
        `${where}: Input tag '${type}' found using 'type' does not match any of the expected tags`,
      );
    if (type === "text") return emptyText(block);
    if (type === "tool_use") return toolUseShape(block, where);
    if (type === "thinking" && typeof block["signature"] !== "string")
      return invalid(`${where}.thinking.signature: Field required`);
    const inner = block["content"];
    if (type !== "tool_result" || !Array.isArray(inner)) return undefined;
    return firstRefusal(inner.filter(isJsonObject), (each) =>
      each["type"] === "text" ? emptyText(each) : undefined,
    );
  });
}

function emptyText({ text }: JsonObject): Refusal | undefined {
  if (text === "") return invalid("messages: text content blocks must be non-empty");
  return typeof text === "string" && text.trim() !== ""
    ? undefined
    : invalid("messages: text content blocks must contain non-whitespace text");
}

function toolUseShape({ id, name, input }: JsonObject, where: string): Refusal | undefined {
  if (typeof id !== "string" || !/^[a-zA-Z0-9_-]+$/u.test(id))
    return invalid(`${where}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
  if (typeof name !== "string" || !/^[a-zA-Z0-9_-]{1,128}$/u.test(name))
    return invalid(`${where}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
  return isJsonObject(input)
    ? undefined
    : invalid(`${where}.tool_use.input: Input should be a valid dictionary`);
}

function marks({ body, messages }: MessagesRequest): Refusal | undefined {
  const lists = [body["system"], body["tools"], ...messages.map(({ content }) => content)];
  const blocks = lists.flatMap((list) => (Array.isArray(list) ? list.filter(isJsonObject) : []));
  const count = blocks.filter((block) => isJsonObject(block["cache_control"])).length;
  return count > 4
    ? invalid(`A maximum of 4 blocks with cache_control may be provided. Found ${count}.`)
    : undefined;
}

function identities(messages: readonly MessagesMessage[]): Refusal | undefined {
  const seen = new Set<unknown>();
  return firstRefusal(messages, ({ content }, at) =>
    firstRefusal(content, ({ type, id }, part) => {
      if (type !== "tool_use") return undefined;
      if (seen.has(id)) return invalid(`messages.${at}.content.${part}: \`tool_use\` ids must be unique`);
      seen.add(id);
      return undefined;
    }),
  );
}

interface Turn {
  readonly role: MessagesMessage["role"];
  /** Each block with its place. */
  readonly blocks: { readonly block: JsonObject; readonly message: number; readonly part: number }[];
}

function turnsOf(messages: readonly MessagesMessage[]): Turn[] {
  const turns: Turn[] = [];
  for (const [message, { role, content }] of messages.entries()) {
    let turn = turns.at(-1);
    if (turn?.role !== role) turns.push((turn = { role, blocks: [] }));
    for (const [part, block] of content.entries()) turn.blocks.push({ block, message, part });
  }
  return turns;
}

function pairing(messages: readonly MessagesMessage[], hasTools: boolean): Refusal | undefined {
  const turns = turnsOf(messages);
  const holds = (type: string): boolean =>
    messages.some(({ content }) => content.some((block) => block["type"] === type));
  if (!hasTools && (holds("tool_use") || holds("tool_result")))
    return invalid("Requests which include `tool_use` or `tool_result` blocks must define tools");
  return firstRefusal(turns, (turn, at) => {
    const asked = idsOf(turns[at - 1], "tool_use", "id");
    const orphan = turn.blocks.find(
      ({ block }) => block["type"] === "tool_result" && !asked.includes(block["tool_use_id"]),
    );
    if (orphan)
      return invalid(
        `messages.${orphan.message}.content.${orphan.part}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${String(orphan.block["tool_use_id"])}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    const calls = idsOf(turn, "tool_use", "id");
    if (calls.length === 0) return undefined;
    const next = turns[at + 1];
    // Only results that stand before everything else follow immediately.
    const leading = next?.blocks.findIndex(({ block }) => block["type"] !== "tool_result") ?? 0;
    const answered = next
      ? { ...next, blocks: leading < 0 ? next.blocks : next.blocks.slice(0, leading) }
      : next;
    const results = idsOf(answered, "tool_result", "tool_use_id");
    const open = calls.filter((id) => !results.includes(id));
    return open.length === 0
      ? undefined
      : invalid(
          `messages.${turn.blocks.at(-1)!.message}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
        );
  });
}

function idsOf(turn: Turn | undefined, type: string, member: string): unknown[] {
  return turn?.blocks.flatMap(({ block }) => (block["type"] === type ? [block[member]] : [])) ?? [];
}

function ends({ messages, model, thinking }: MessagesRequest): Refusal | undefined {
  if (messages[0]?.role !== "user") return invalid('messages: first message must use the "user" role');
  const last = messages.at(-1)!;
  if (last.role === "user") return undefined;
  if (thinking !== "off" || isAdaptive(model))
    return invalid(
      "This model does not support assistant message prefill. The conversation must end with a user message.",
    );
  const text = last.content.at(-1)?.["text"];
  return typeof text === "string" && text.trimEnd() !== text
    ? invalid("messages: final assistant content cannot end with trailing whitespace")
    : undefined;
}

/** From 4.6 on thinking is adaptive. */
function isAdaptive(model: string): boolean {
  const [, major, minor] = /claude-[a-z]+-(\d)(?:[-.](\d{1,2})(?!\d))?/u.exec(model) ?? [];
  return Number(major ?? 0) > 4 || (Number(major ?? 0) === 4 && Number(minor ?? 0) >= 6);
}

function parameters({ body, model, thinking, maxTokens }: MessagesRequest): Refusal | undefined {
  if (thinking === "off") return undefined;
  if (thinking === "adaptive" && !isAdaptive(model))
    return invalid("adaptive thinking is not supported on this model");
  const budget = (body["thinking"] as JsonObject)["budget_tokens"];
  if (thinking === "enabled") {
    if (typeof budget !== "number") return invalid("thinking.enabled.budget_tokens: Field required");
    if (budget < 1024)
      return invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
    if (budget >= maxTokens) return invalid("`max_tokens` must be greater than `thinking.budget_tokens`.");
  } else if (budget !== undefined) {
    return invalid("thinking.adaptive.budget_tokens: Extra inputs are not permitted");
  }
  const choice = body["tool_choice"];
  if (isJsonObject(choice) && (choice["type"] === "any" || choice["type"] === "tool"))
    return invalid("Thinking may not be enabled when tool_choice forces tool use.");
  return body["temperature"] === undefined || body["temperature"] === 1
    ? undefined
    : invalid("`temperature` may only be set to 1 when thinking is enabled.");
}

function thoughts({ messages, thinking }: MessagesRequest, check: SealCheck): Refusal | undefined {
  const turns = turnsOf(messages);
  const isResults = ({ blocks }: Turn): boolean =>
    blocks.some(({ block }) => block["type"] === "tool_result");
  const prompt = turns.findLastIndex((turn) => turn.role === "user" && !isResults(turn));
  const loop = turns.slice(prompt + 1).find(({ role }) => role === "assistant")?.blocks[0];
  if (thinking === "enabled" && loop && !isThought(loop.block))
    return invalid(
      `messages.${loop.message}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${String(loop.block["type"])}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`.`,
      "thinking missing",
    );
  const latest = turns.findLast(({ role }) => role === "assistant");
  return firstRefusal(turns, (turn) => {
    const last = turn.blocks.at(-1)!;
    if (turn.role === "assistant" && isThought(last.block))
      return invalid(
        `messages.${last.message}: The final block in an assistant message cannot be \`thinking\`.`,
      );
    return firstRefusal(turn.blocks, ({ block, message, part }) => {
      const state = stateOf(block, check);
      if (state === "whole") return undefined;
      if (state === "changed" && turn === latest)
        return invalid(
          `messages.${message}.content.${part}: \`thinking\` or \`redacted_thinking\` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.`,
          "thinking changed",
        );
      const [what, where] =
        block["type"] === "thinking" ? ["signature", "thinking"] : ["data", "redacted_thinking"];
      return invalid(
        `messages.${message}.content.${part}: Invalid \`${what}\` in \`${where}\` block`,
        "signature refused",
      );
    });
  });
}

const isThought = ({ type }: JsonObject): boolean => type === "thinking" || type === "redacted_thinking";

function stateOf(block: JsonObject, check: SealCheck): "whole" | "changed" | "unknown" {
  if (!isThought(block)) return "whole";
  const seal = sealOf(String(block["signature"] ?? block["data"]));
  const digest = seal === undefined ? undefined : check.open(seal);
  if (digest === undefined) return "unknown";
  return block["type"] === "redacted_thinking" || digest === digestOf(String(block["thinking"]))
    ? "whole"
    : "changed";
}
