import type { JsonObject } from "../../lib/json.ts";
import type { ModelRequest } from "../../provider.ts";
import { inputItems, type StreamedBody, wholeBody } from "../wire/body.ts";
import { withoutParameters } from "../wire/without.ts";
import { type Block, type CacheMark, isThinking, type TextBlock } from "./block.ts";
import { textBlocks } from "./content.ts";
import { type Message, type Messages, messagesOf } from "./messages.ts";
import { acceptedFacts, asksForThinking, effortMembers } from "./models.ts";
import { messagesTool, type MessagesTool, pastTool } from "./tools.ts";

/** A request's history as it is sent, and whether it asks the model to think. */
export interface Conversion extends Messages {
  readonly thinks: boolean;
}

/** A body with what it was made from, so that a refusal can be translated to items of the input. */
export interface MessagesBody extends StreamedBody {
  readonly conversion: Conversion;
}

/**
 * The body of `POST /v1/messages` (anthropic-version 2023-06-01, as of 2026-11). Nothing that forces a tool or a temperature is sent,
 * because those are refused together with thinking.
 */
export async function requestBody(request: ModelRequest): Promise<MessagesBody> {
  const conversion = convert(request, await inputItems(request.input));
  return { ...wholeBody(bodyOf(request, conversion)), conversion };
}

/**
 * Thinking is asked for when an effort is set, unless sealed content is not wanted (the ladder's rung for that) or the open tool loop
 * has lost the thinking that it began with: then it is left out for this request rather than refused (failures.md row 18).
 */
function convert(request: ModelRequest, items: readonly JsonObject[]): Conversion {
  const { model, effort, sealed, without } = request;
  const facts = acceptedFacts(model, without);
  if (sealed && asksForThinking(facts, effort)) {
    const converted = messagesOf(items, true);
    if (facts.thinking === "adaptive" || loopBeginsWithThinking(converted.messages))
      return { ...converted, thinks: true };
  }
  return { ...messagesOf(items, false), thinks: false };
}

/**
 * Under a budget, the assistant's turn before the last results has to begin with thinking ("Expected `thinking` or `redacted_thinking`,
 * but found `tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block"; docs on extended
 * thinking and github.com/pydantic/pydantic-ai/issues/2075, 2025-06). That turn is the whole loop: between its tools the model needn't
 * think again.
 */
function loopBeginsWithThinking(messages: readonly Message[]): boolean {
  const isResults = ({ content }: Message): boolean => content.some(({ type }) => type === "tool_result");
  const prompt = messages.findLastIndex((message) => message.role === "user" && !isResults(message));
  const first = messages.slice(prompt + 1).find(({ role }) => role === "assistant");
  return first === undefined || isThinking(first.content[0]);
}

function bodyOf(request: ModelRequest, conversion: Conversion): JsonObject {
  const { model, effort, instructions, cacheKey, without } = request;
  const { messages, thinks } = conversion;
  const system = [...textBlocks(instructions), ...conversion.system];
  const { tools, choice } = toolsOf(request, messages);
  markCaches(system, tools, messages);
  const body = {
    model,
    ...effortMembers(acceptedFacts(model, without), effort, thinks),
    stream: true,
    // The session, so that the provider can tell requests of one from those of another; random, it says nothing about a person.
    metadata: { user_id: cacheKey },
    ...(tools.length > 0 && { tools, ...(choice && { tool_choice: choice }) }),
    ...(system.length > 0 && { system }),
    messages,
  };
  // Parameters that can't be left out are sent with another value instead (above).
  const removable = without?.filter((name) => !/^(?:max_tokens$|thinking\.type\.)/u.test(name));
  return withoutParameters(body, removable);
}

function toolsOf(
  request: ModelRequest,
  messages: readonly Message[],
): { tools: MessagesTool[]; choice?: { type: "none" } } {
  if (request.tools.length > 0) return { tools: request.tools.map(messagesTool) };
  const names = messages.flatMap(({ content }) =>
    content.flatMap((block) => (block.type === "tool_use" ? [block.name] : [])),
  );
  return { tools: [...new Set(names)].map(pastTool), choice: { type: "none" } };
}

/**
 * Marks what the next request will begin with: the instructions, the tools, and the ends of the last two user messages, of which the
 * earlier one is where the last request's mark stood. Four marks are the most that the API takes.
 */
function markCaches(
  system: readonly TextBlock[],
  tools: readonly MessagesTool[],
  messages: readonly Message[],
): void {
  mark(system.at(-1));
  mark(tools.at(-1));
  for (const { content } of messages.filter(({ role }) => role === "user").slice(-2)) mark(content.at(-1));
}

function mark(target: Block | MessagesTool | undefined): void {
  if (!target || ("type" in target && isThinking(target))) return;
  (target as { cache_control?: CacheMark }).cache_control = { type: "ephemeral" };
}
