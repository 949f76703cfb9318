import { isJsonObject, type JsonObject, objectOf, parseJson } from "../../lib/json.ts";
import { invalidRequest, type Refusal } from "../refusal.ts";
import type { WireRequest } from "../wire.ts";
import { emptyArray, missing, notJson, wrongType } from "../wrong-body.ts";

/** What the simulator reads of a Chat Completions request. Unknown members are allowed and left alone. */
export interface ChatRequest extends WireRequest {
  readonly messages: readonly JsonObject[];
  /** Whether a stream ends with a chunk of usage. */
  readonly usage: boolean;
}

export function parseChatRequest(text: string): ChatRequest | Refusal {
  const body = parseJson(text);
  if (!isJsonObject(body)) return notJson();
  const { model, messages, tools, stream_options: options, prompt_cache_key: session } = body;
  if (typeof model !== "string") return invalidRequest("you must provide a model parameter");
  if (messages === undefined) return missing("messages");
  if (!Array.isArray(messages)) return wrongType("messages", "an array of objects", messages);
  if (messages.length === 0) return emptyArray("messages");
  const wrong = messages.findIndex((message) => !isJsonObject(message));
  if (wrong >= 0) return wrongType(`messages[${wrong}]`, "an object", messages[wrong]);
  if (tools !== undefined && (!Array.isArray(tools) || !tools.every(isJsonObject)))
    return wrongType("tools", "an array of objects", tools);
  return {
    body,
    model,
    messages: messages as JsonObject[],
    input: (messages as JsonObject[]).flatMap(itemsOf),
    compact: false,
    tools: (tools ?? []).flatMap(({ type, function: told }: JsonObject) =>
      type === "function" && isJsonObject(told) ? [{ ...told, type }] : [],
    ),
    stream: body["stream"] === true,
    usage: isJsonObject(options) && options["include_usage"] === true,
    session: typeof session === "string" ? session : undefined,
  };
}

/** A message as the script's model sees it. */
function itemsOf(message: JsonObject): JsonObject[] {
  const { role, content, tool_calls: calls, tool_call_id: id } = message;
  if (role === "tool") return [{ type: "function_call_output", call_id: id, output: content }];
  if (role !== "assistant") return [{ type: "message", role, content }];
  return [
    ...(typeof content === "string" && content !== "" ? [{ type: "message", role, content }] : []),
    ...callsOf(calls).map((call) => {
      const told = objectOf(call["function"]);
      return { type: "function_call", call_id: call["id"], ...told };
    }),
  ];
}

export function callsOf(calls: unknown): JsonObject[] {
  return Array.isArray(calls) ? calls.filter(isJsonObject) : [];
}
