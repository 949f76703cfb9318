import { isJsonObject, type JsonObject } from "../../../lib/json.ts";

/** Members without which Codex passes an item over, by its kind, and those of which each is a text (0.36 to 0.169). */
const needed: Readonly<Record<string, { readonly texts: readonly string[]; readonly list?: string }>> = {
  message: { texts: ["role"], list: "content" },
  reasoning: { texts: [], list: "summary" },
  function_call: { texts: ["name", "arguments", "call_id"] },
  custom_tool_call: { texts: ["name", "input", "call_id"] },
  custom_tool_call_output: { texts: ["call_id"] },
};
/** As Codex writes types, also those that nobody here knows. */
const word = /^\w+$/u;
const saying: ReadonlySet<unknown> = new Set(["input_text", "output_text", "summary_text"]);

/** Whether an item has what Codex reads it by; kinds that aren't listed may have anything. */
export function isSoundItem(kind: string | undefined, payload: JsonObject): boolean {
  const parts = payload["output"];
  if (Array.isArray(parts) && !parts.every(isSoundPart)) return false;
  // One without a call is a prompt from elsewhere, and has a name (`isInjected`).
  if (kind === "function_call_output" && typeof (payload["call_id"] ?? payload["name"]) !== "string")
    return false;
  if (kind?.endsWith("_call_output") === true && parts === undefined) return false;
  const { texts = [], list } = needed[kind ?? ""] ?? {};
  if (texts.some((name) => typeof payload[name] !== "string")) return false;
  const content = list === undefined ? [] : payload[list];
  return Array.isArray(content) && content.every(isSoundPart);
}

function isSoundPart(part: unknown): boolean {
  if (!isJsonObject(part) || typeof part["type"] !== "string" || !word.test(part["type"])) return false;
  return !saying.has(part["type"]) || typeof part["text"] === "string";
}
