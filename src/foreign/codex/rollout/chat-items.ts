import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";

/**
 * The Responses items that an item of an old document is. Forks of the first versions that speak to other providers (seen 2025-08) keep the
 * messages of the Chat Completions API there, which have no `type`: one of the model's may hold its reasoning, its words and its calls.
 */
export function responsesItems(item: JsonObject): JsonObject[] {
  const { type, role, content } = item;
  if (typeof type === "string" || typeof role !== "string") return [item];
  if (role === "tool") {
    const { tool_call_id: call } = item;
    return [{ type: "function_call_output", call_id: call, output: textOf(content) }];
  }
  const isModels = role === "assistant";
  const thought = isModels ? (item["reasoning"] ?? item["reasoning_content"]) : undefined;
  const parts = partsOf(content, isModels ? "output_text" : "input_text");
  const calls = Array.isArray(item["tool_calls"]) ? item["tool_calls"].filter(isJsonObject) : [];
  return [
    ...(typeof thought === "string" && thought !== "" ? [reasoningOf(thought)] : []),
    ...(parts.length > 0 ? [{ type: "message", role, content: parts }] : []),
    ...calls.map(callOf),
  ];
}

function reasoningOf(text: string): JsonObject {
  return { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text }] };
}

function callOf({ id, function: called }: JsonObject): JsonObject {
  const { name, arguments: given } = isJsonObject(called) ? called : {};
  return {
    type: "function_call",
    name,
    arguments: typeof given === "string" ? given : writeJson(given ?? {}),
    call_id: id,
  };
}

/** What a message says in parts of this API. */
export function partsOf(content: unknown, text: "input_text" | "output_text"): JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: text, text: content }];
  if (!Array.isArray(content)) return [];
  const parts = content.map((part: unknown) =>
    typeof part === "string" ? { type: text, text: part } : part,
  );
  return parts.filter(isJsonObject).map((part) => partOf(part, text));
}

function partOf(part: JsonObject, kind: "input_text" | "output_text"): JsonObject {
  const { type, text, refusal, image_url: image } = part;
  if (type === "text" || (type === undefined && typeof text === "string")) return { type: kind, text };
  if (type === "refusal") return { type: kind, text: refusal };
  return type === "image_url" && isJsonObject(image)
    ? { type: "input_image", image_url: image["url"] }
    : part;
}

/** An output is text, or parts of it. */
function textOf(content: unknown): unknown {
  return typeof content === "string" || content === undefined
    ? (content ?? "")
    : partsOf(content, "input_text");
}
