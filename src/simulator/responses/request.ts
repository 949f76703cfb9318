import { isJsonObject, parseJson, type JsonObject } from "../../lib/json.ts";
import type { Refusal } from "../refusal.ts";
import type { WireRequest } from "../wire.ts";
import { missing, notJson, wrongType } from "../wrong-body.ts";

/** What the simulator reads of a Responses API request. Unknown members are allowed and left alone. */
export interface ResponsesRequest extends WireRequest {
  readonly store: boolean;
  /** Where its own input begins: what stands before it is what an earlier response stands for. */
  readonly ownFrom: number;
  /** The response that it names and that isn't there. */
  readonly missing?: string;
  /** Whether `include` asks for sealed reasoning. */
  readonly sealed: boolean;
  /** Whether `reasoning.summary` asks for summaries. */
  readonly summaries: boolean;
}

/** `compact`: it came to `/responses/compact`. */
export function parseRequest(text: string, compact = false): ResponsesRequest | Refusal {
  const body = parseJson(text);
  if (!isJsonObject(body)) return notJson();
  const { model, input, tools, include, reasoning } = body;
  if (typeof model !== "string") return missing("model");
  const items = typeof input === "string" ? [{ type: "message", role: "user", content: input }] : input;
  if (items === undefined) return missing("input");
  if (!Array.isArray(items)) return wrongType("input", "an array of objects or string", items);
  const wrong = items.findIndex((item) => !isJsonObject(item));
  if (wrong >= 0) return wrongType(`input[${wrong}]`, "an object", items[wrong]);
  if (tools !== undefined && (!Array.isArray(tools) || !tools.every(isJsonObject))) {
    return wrongType("tools", "an array of objects", tools);
  }
  return {
    body,
    model,
    input: items as JsonObject[],
    compact: compact || (items as JsonObject[]).at(-1)?.["type"] === "compaction_trigger",
    tools: [...(tools ?? []), ...additionalTools(items as JsonObject[])],
    stream: body["stream"] === true,
    store: body["store"] !== false,
    ownFrom: 0,
    sealed: Array.isArray(include) && include.includes("reasoning.encrypted_content"),
    summaries: isJsonObject(reasoning) && typeof reasoning["summary"] === "string",
    session: typeof body["prompt_cache_key"] === "string" ? body["prompt_cache_key"] : undefined,
  };
}

/** Codex 0.169 sends its tools as an input item of this type. */
function additionalTools(items: readonly JsonObject[]): JsonObject[] {
  return items.flatMap((item) =>
    item["type"] === "additional_tools" && Array.isArray(item["tools"])
      ? item["tools"].filter(isJsonObject)
      : [],
  );
}
