import { isJsonObject, type JsonObject, objectOf, objectsIn } from "../../../../lib/json.ts";
import { writeJson } from "../../../../lib/whole-json.ts";

type TextKind = "input_text" | "output_text";

const texts: readonly string[] = ["input_text", "output_text"] satisfies TextKind[];
const knownRoles: ReadonlySet<string> = new Set(["user", "assistant", "developer", "system"]);
/** Roles that no message has here: what a tool says is an output. */
const toolRoles: ReadonlySet<unknown> = new Set(["tool", "function"]);
/** What other APIs call parts. */
export const foreignParts: ReadonlySet<string> = new Set([
  "text",
  "refusal",
  "image",
  "image_url",
  "tool_use",
  "tool_result",
  "thinking",
  "redacted_thinking",
]);

const textKind = (role: string): TextKind => (role === "assistant" ? "output_text" : "input_text");

/**
 * Whether a message is in a form in which Codex reads and OpenAI takes it: words in the parts of the side that says them, no parts of
 * another API. Parts and roles that nobody here knows count as such: a newer version may write them.
 */
export function isOwnMessage(role: string, content: unknown): boolean {
  if (!Array.isArray(content) || toolRoles.has(role)) return false;
  const sides: readonly string[] = knownRoles.has(role) ? [textKind(role)] : texts;
  return content.every((part: unknown) => {
    if (!isJsonObject(part) || typeof part["type"] !== "string") return false;
    const { type, text } = part;
    return texts.includes(type) ? sides.includes(type) && typeof text === "string" : !foreignParts.has(type);
  });
}

/** Whether a message or a call came from another program in a form that is none here: Codex goes on without it, or OpenAI refuses it. */
export function isOthersItem(kind: string, item: JsonObject): boolean {
  const { role, content } = item;
  if (kind !== "message") return isOthersCall(kind, item);
  return typeof role === "string" && Array.isArray(content) && !isOwnMessage(role, content);
}

/**
 * The Responses items that a message of another API is: those of Chat Completions have no `type`, and one of the model's may hold its
 * reasoning, its words and its calls (forks of the first versions that speak to other providers, 2025-08); in those of Anthropic's
 * Messages, calls and outputs are parts (programs that convert sessions for Codex). What was thought there is in no form that goes on. A
 * call that was given an object has its text.
 */
export function responsesItems(item: JsonObject): JsonObject[] {
  const { type, role, content } = item;
  if (isOthersCall(String(type), item)) return [callInWords(item)];
  if (typeof role !== "string" || (typeof type === "string" && type !== "message")) return [item];
  if (type === "message" && isOwnMessage(role, content)) return [item];
  const thought = role === "assistant" ? (item["reasoning"] ?? item["reasoning_content"]) : undefined;
  const calls = objectsIn(item["tool_calls"]);
  return [
    ...(typeof thought === "string" && thought !== "" ? [reasoningOf(thought)] : []),
    ...saidItems(role, item),
    ...calls.map(callOf),
  ];
}

/** What a message says, in order: its words in messages, between them the calls and outputs among its parts. */
function saidItems(role: string, item: JsonObject): JsonObject[] {
  const { type, content, tool_call_id: call, id, ...others } = item;
  const isTool = toolRoles.has(role);
  if (isTool && !Array.isArray(content))
    return [{ type: "function_call_output", call_id: call, output: textOf(content) }];
  const items: JsonObject[] = [];
  let said: JsonObject[] = [];
  const say = (): void => {
    if (said.length === 0) return;
    const own =
      type === "message" ? { ...(items.length === 0 && id !== undefined && { id }), ...others } : {};
    if (isTool) items.push({ type: "function_call_output", call_id: call, output: said });
    else items.push({ type: "message", ...own, role, content: said });
    said = [];
  };
  for (const part of partsOf(content, textKind(role))) {
    const own = itemsOfPart(part);
    if (own) say();
    else said.push(part);
    items.push(...(own ?? []));
  }
  say();
  return items;
}

/** The items that a part is which is no part here; `undefined` for one that is. */
function itemsOfPart({ type, ...part }: JsonObject): JsonObject[] | undefined {
  switch (type) {
    case "tool_use": {
      const { id, name, input } = part;
      return [{ type: "function_call", name, arguments: writeJson(input ?? {}), call_id: id }];
    }
    case "tool_result": {
      const { tool_use_id: call, content } = part;
      return [{ type: "function_call_output", call_id: call, output: textOf(content) }];
    }
    case "thinking":
    case "redacted_thinking":
      return [];
    default:
      return undefined;
  }
}

function reasoningOf(text: string): JsonObject {
  return { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text }] };
}

function callOf({ id, function: called }: JsonObject): JsonObject {
  const { name, arguments: given } = objectOf(called);
  return {
    type: "function_call",
    name,
    arguments: typeof given === "string" ? given : writeJson(given ?? {}),
    call_id: id,
  };
}

/** Whether a program has written what a call was given as an object, where its text belongs: Codex goes on without the call. */
const isOthersCall = (kind: string, { arguments: given, input }: JsonObject): boolean =>
  (kind === "function_call" && isJsonObject(given)) || (kind === "custom_tool_call" && isJsonObject(input));

/** Such a call with the text of what it was given. */
const callInWords = ({ arguments: given, input, ...call }: JsonObject): JsonObject => ({
  ...call,
  ...(given !== undefined && { arguments: writeJson(given) }),
  ...(input !== undefined && { input: writeJson(input) }),
});

/** What a message says in parts of this API. */
export function partsOf(content: unknown, text: TextKind): JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: text, text: content }];
  if (!Array.isArray(content)) return [];
  const parts = content.map((part: unknown) =>
    typeof part === "string" ? { type: text, text: part } : part,
  );
  return objectsIn(parts).map((part) => partOf(part, text));
}

function partOf(part: JsonObject, kind: TextKind): JsonObject {
  const { type, text, refusal, image_url: image } = part;
  switch (type) {
    case kind:
      return part;
    case "text":
    case "input_text":
    case "output_text":
      return { type: kind, text };
    case "refusal":
      return { type: kind, text: refusal };
    case "image":
      return pictureOf(part);
    case "image_url":
      return isJsonObject(image) ? { type: "input_image", image_url: image["url"] } : part;
    default:
      return type === undefined && typeof text === "string" ? { type: kind, text } : part;
  }
}

/** Tools and other APIs give pictures by their bytes, or say where they are. */
function pictureOf(part: JsonObject): JsonObject {
  const {
    data,
    mimeType,
    media_type: type = mimeType,
    url,
  } = isJsonObject(part["source"]) ? part["source"] : part;
  if (typeof url === "string") return { type: "input_image", image_url: url };
  const isPicture = typeof data === "string" && typeof type === "string";
  return isPicture ? { type: "input_image", image_url: `data:${type};base64,${data}` } : part;
}

/** An output is text, or parts of it. */
function textOf(content: unknown): unknown {
  return typeof content === "string" || content === undefined
    ? (content ?? "")
    : partsOf(content, "input_text");
}
