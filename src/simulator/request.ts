import { isJsonObject, parseJson, type JsonObject } from "../lib/json.ts";
import { invalidRequest, type Refusal } from "./refusal.ts";
import type { WireRequest } from "./wire.ts";

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
  if (!isJsonObject(body)) {
    return invalidRequest(
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
    );
  }
  const { model, input, tools, include, reasoning } = body;
  if (typeof model !== "string") {
    return invalidRequest("Missing required parameter: 'model'.", {
      param: "model",
      code: "missing_required_parameter",
    });
  }
  const items = typeof input === "string" ? [{ type: "message", role: "user", content: input }] : input;
  if (items === undefined) {
    return invalidRequest("Missing required parameter: 'input'.", {
      param: "input",
      code: "missing_required_parameter",
    });
  }
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

export function wrongType(param: string, expected: string, got: unknown): Refusal {
  return invalidRequest(`Invalid type for '${param}': expected ${expected}, but got ${named(got)} instead.`, {
    param,
    code: "invalid_type",
  });
}

/** How the API names a JSON value in its errors. */
export function named(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  switch (typeof value) {
    case "object":
      return "an object";
    case "number":
      return Number.isInteger(value) ? "an integer" : "a decimal";
    case "boolean":
      return "a boolean";
    default:
      return `a ${typeof value}`;
  }
}
