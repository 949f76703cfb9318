import { isJsonObject, parseJson, type JsonObject } from "../../lib/json.ts";
import { textOf } from "../model.ts";
import type { Refusal } from "../refusal.ts";
import type { WireRequest } from "../wire.ts";
import { invalid } from "./refusal.ts";

export interface MessagesMessage {
  readonly role: "user" | "assistant";
  readonly content: readonly JsonObject[];
}

/** What the simulator reads of a Messages API request. */
export interface MessagesRequest extends WireRequest {
  readonly messages: readonly MessagesMessage[];
  readonly maxTokens: number;
  readonly thinking: "off" | "enabled" | "adaptive";
}

export function parseMessages(text: string): MessagesRequest | Refusal {
  const body = parseJson(text);
  if (!isJsonObject(body)) return invalid("The request body is not valid JSON: unexpected end of data");
  const { model, messages, max_tokens: maxTokens, tools, metadata } = body;
  if (typeof model !== "string") return invalid("model: Field required");
  if (typeof maxTokens !== "number") return invalid("max_tokens: Field required");
  if (!Array.isArray(messages)) return invalid("messages: Field required");
  if (messages.length === 0) return invalid("messages: at least one message is required");
  const read: MessagesMessage[] = [];
  for (const [at, message] of (messages as unknown[]).entries()) {
    const found = readMessage(message, `messages.${at}`);
    if ("kind" in found) return found;
    read.push(found);
  }
  const offered = Array.isArray(tools) ? tools.filter(isJsonObject) : [];
  const user = isJsonObject(metadata) ? metadata["user_id"] : undefined;
  return {
    body,
    model,
    messages: read,
    maxTokens,
    thinking: thinkingOf(body["thinking"]),
    input: read.flatMap(scriptItems),
    tools: offered.map(({ name }) => ({ type: "function", name })),
    stream: body["stream"] === true,
    compact: false,
    session: typeof user === "string" ? user : undefined,
  };
}

function thinkingOf(thinking: unknown): MessagesRequest["thinking"] {
  const type = isJsonObject(thinking) ? thinking["type"] : undefined;
  return type === "enabled" || type === "adaptive" ? type : "off";
}

function readMessage(message: unknown, at: string): MessagesMessage | Refusal {
  if (!isJsonObject(message)) return invalid(`${at}: Input should be an object`);
  const { role, content } = message;
  if (role !== "user" && role !== "assistant")
    return invalid(`${at}.role: Input should be 'user' or 'assistant'`);
  if (typeof content === "string") return { role, content: [{ type: "text", text: content }] };
  if (!Array.isArray(content)) return invalid(`${at}.content: Input should be a valid list`);
  const wrong = content.findIndex((block) => !isJsonObject(block) || typeof block["type"] !== "string");
  if (wrong >= 0) return invalid(`${at}.content.${wrong}: Input should be an object with a type`);
  return { role, content: content as JsonObject[] };
}

/** A note of the client's in brackets ("[Go on …]") is no prompt. */
const isNote = (text: string): boolean => /^\[[^\]]*\]$/u.test(text.trim());

/** The message as the script sees it. Each text of the user's is a message, so that the last one is the prompt. */
function scriptItems({ role, content }: MessagesMessage): JsonObject[] {
  return content.flatMap((block): JsonObject[] => {
    switch (block["type"]) {
      case "text":
        return role === "user" && isNote(textOf([block]))
          ? []
          : [{ type: "message", role, content: textOf([block]) }];
      case "tool_use": {
        const call = { type: "function_call", call_id: block["id"], name: block["name"] };
        return [{ ...call, arguments: JSON.stringify(block["input"]) }];
      }
      case "tool_result":
        return [
          {
            type: "function_call_output",
            call_id: block["tool_use_id"],
            output: textOf(block["content"]),
          },
        ];
      case "thinking":
      case "redacted_thinking":
        return [{ type: "reasoning" }];
      default:
        return [];
    }
  });
}
