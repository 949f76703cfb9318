import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import type { RolloutRecord } from "../rollout/record/record.ts";

/**
 * Members without which Codex passes an item over, by its kind, and those of which each is a text (0.36 to 0.169). `word`: what it sends as it
 * is, and what a provider refuses the whole request for where it has other letters.
 */
const needed: Readonly<
  Record<string, { readonly texts: readonly string[]; readonly word?: string; readonly list?: string }>
> = {
  message: { texts: [], word: "role", list: "content" },
  reasoning: { texts: [], list: "summary" },
  function_call: { texts: ["arguments", "call_id"], word: "name" },
  custom_tool_call: { texts: ["input", "call_id"], word: "name" },
  custom_tool_call_output: { texts: ["call_id"] },
};
/** As Codex writes types, also those that nobody here knows, roles and the names of tools. */
const words = /^[\w.-]+$/u;
const saying: ReadonlySet<unknown> = new Set(["input_text", "output_text", "summary_text"]);

/** Whether a record has what Codex reads it by, as far as it is known; types and kinds that aren't may have anything. */
export function isSound({ type, kind, payload }: RolloutRecord): boolean {
  // A bare header has no type.
  if ((type !== "" && !isWord(type)) || (kind !== undefined && !isWord(kind))) return false;
  // Codex shows a turn for every name of one (0.169).
  if (type === "event_msg" && !isWord(payload["turn_id"] ?? "none")) return false;
  return type !== "response_item" || (kind !== undefined && isSoundItem(kind, payload));
}

function isSoundItem(kind: string, payload: JsonObject): boolean {
  const parts = payload["output"];
  if (Array.isArray(parts) && !parts.every(isSoundPart)) return false;
  // One without a call is a prompt from elsewhere, and has a name (`isInjected`).
  if (kind === "function_call_output" && typeof (payload["call_id"] ?? payload["name"]) !== "string")
    return false;
  if (kind.endsWith("_call_output") && parts === undefined) return false;
  const { texts = [], word, list } = needed[kind] ?? {};
  if (texts.some((name) => typeof payload[name] !== "string")) return false;
  if (word !== undefined && !isWord(payload[word])) return false;
  const content = list === undefined ? [] : payload[list];
  return Array.isArray(content) && content.every(isSoundPart);
}

function isSoundPart(part: unknown): boolean {
  if (!isJsonObject(part) || !isWord(part["type"])) return false;
  return !saying.has(part["type"]) || typeof part["text"] === "string";
}

const isWord = (value: unknown): boolean => typeof value === "string" && words.test(value);
