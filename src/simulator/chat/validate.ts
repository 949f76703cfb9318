import { isJsonObject, type JsonObject, objectOf } from "../../lib/json.ts";
import { entryOf } from "../../lib/table.ts";
import { firstRefusal, invalidRequest, type Refusal } from "../refusal.ts";
import { emptyArray, longString, missing, unknownValue, wrongType } from "../wrong-body.ts";
import { callsOf } from "./request.ts";

/** OpenAI's limit on this wire (agno-agi/agno#5382, 2025-11; langgenius/dify#28987, 2025-12). */
const longestId = 40;

const roles = ["system", "assistant", "user", "function", "tool", "developer"];
const parts: Readonly<Record<string, readonly string[]>> = {
  user: ["text", "image_url", "input_audio", "refusal", "audio", "file"],
  assistant: ["text", "refusal"],
};

/**
 * What Chat Completions refuses of a replayed conversation, or `undefined` when it would take it; texts as reported in public issue
 * threads, 2024-10 to 2026-06. `reasoningRequired`: in thinking mode, as DeepSeek and Kimi demand it.
 */
export function validateMessages(
  messages: readonly JsonObject[],
  reasoningRequired: boolean,
): Refusal | undefined {
  return (
    firstRefusal(messages, shape) ??
    pairing(messages) ??
    (reasoningRequired ? reasoning(messages) : undefined)
  );
}

function shape(message: JsonObject, at: number): Refusal | undefined {
  const { role, content } = message;
  const param = `messages[${at}]`;
  if (typeof role !== "string" || !roles.includes(role)) {
    const known = `${roles
      .slice(0, -1)
      .map((name) => `'${name}'`)
      .join(", ")}, and '${roles.at(-1)}'`;
    return invalidRequest(`Invalid value: '${String(role)}'. Supported values are: ${known}.`, {
      param: `${param}.role`,
      code: "invalid_value",
    });
  }
  if (role === "tool" && typeof message["tool_call_id"] !== "string") {
    return invalidRequest(
      "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
      { param: `messages.[${at}].tool_call_id` },
    );
  }
  return contentShape(content, role, at, message["tool_calls"] !== undefined) ?? callShape(message, at);
}

function contentShape(content: unknown, role: string, at: number, calls: boolean): Refusal | undefined {
  const param = `messages[${at}].content`;
  if (content === undefined || content === null) {
    if (role === "assistant" && calls) return undefined;
    return invalidRequest("Invalid value for 'content': expected a string, got null.", {
      param: `messages.[${at}].content`,
    });
  }
  if (typeof content === "string") return undefined;
  if (!Array.isArray(content)) return wrongType(param, "one of a string or array of objects", content);
  if (content.length === 0) return emptyArray(param);
  const types = entryOf(parts, role) ?? ["text"];
  for (const [index, part] of (content as unknown[]).entries()) {
    const { type, text } = objectOf(part);
    if (typeof type !== "string" || !types.includes(type))
      return unknownValue(`${param}[${index}].type`, type, types);
    if (type === "text" && (typeof text !== "string" || text.trim() === ""))
      return invalidRequest("messages: text content blocks must be non-empty", { param });
  }
  return undefined;
}

function callShape(message: JsonObject, at: number): Refusal | undefined {
  const { tool_calls: calls, tool_call_id: answered } = message;
  const ids: [param: string, id: unknown][] = [];
  if (answered !== undefined) ids.push([`messages[${at}].tool_call_id`, answered]);
  if (calls !== undefined) {
    const param = `messages[${at}].tool_calls`;
    if (!Array.isArray(calls)) return wrongType(param, "an array of objects", calls);
    if (calls.length === 0) return emptyArray(param);
    for (const [index, call] of callsOf(calls).entries()) {
      const told = call["function"];
      for (const [member, value] of [
        ["id", call["id"]],
        ["type", call["type"]],
        ["function.name", isJsonObject(told) ? told["name"] : undefined],
        ["function.arguments", isJsonObject(told) ? told["arguments"] : undefined],
      ] as const) {
        if (typeof value === "string") continue;
        const name = `${param}[${index}].${member}`;
        return value === undefined ? missing(name) : wrongType(name, "a string", value);
      }
      ids.push([`${param}[${index}].id`, call["id"]]);
    }
  }
  for (const [param, id] of ids) {
    if (typeof id === "string" && id.length > longestId) return longString(param, longestId, id.length);
  }
  return undefined;
}

/** Tool messages stand right after the assistant's message whose calls they answer, one for each call. */
function pairing(messages: readonly JsonObject[]): Refusal | undefined {
  for (let at = 0; at < messages.length; at++) {
    const { role, tool_calls: calls } = messages[at]!;
    if (role === "tool") {
      return invalidRequest(
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
        { param: `messages.[${at}].role` },
      );
    }
    const open = callsOf(calls).map(({ id }) => id);
    if (open.length === 0) continue;
    const asked = at;
    for (; messages[at + 1]?.["role"] === "tool"; at++) {
      const id = messages[at + 1]?.["tool_call_id"];
      const answered = open.indexOf(id);
      if (answered === -1) {
        return invalidRequest(
          `Invalid parameter: 'tool_call_id' of '${String(id)}' not found in 'tool_calls' of previous message.`,
          { param: `messages.[${at + 1}].tool_call_id` },
        );
      }
      open.splice(answered, 1);
    }
    if (open.length > 0) {
      return invalidRequest(
        `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${open.join(", ")}`,
        { param: `messages.[${asked}].role` },
      );
    }
  }
  return undefined;
}

/**
 * Once tools were called, thinking goes back with every message of the assistant's since the person spoke, and it isn't empty. (DeepSeek's
 * guide, 2026-04, speaks of later turns too; that the API refuses those is not reported for a turn without calls.)
 */
function reasoning(messages: readonly JsonObject[]): Refusal | undefined {
  const since = messages.slice(messages.findLastIndex(({ role }) => role === "user") + 1);
  const isLost = since.some(
    ({ role, tool_calls: calls, reasoning_content: thought }) =>
      role === "assistant" && callsOf(calls).length > 0 && (typeof thought !== "string" || thought === ""),
  );
  if (!isLost) return undefined;
  return invalidRequest("The `reasoning_content` in the thinking mode must be passed back to the API.", {
    code: "invalid_request_error",
    about: "reasoning_content is missing",
  });
}
