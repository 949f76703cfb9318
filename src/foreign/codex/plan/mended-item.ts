import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import { isReadItem } from "../examine/unread-items.ts";
import { watched } from "../examine/watched-record.ts";
import { partsOf } from "../rollout/chat-items.ts";
import { promptOf } from "../rollout/prompt.ts";
import type { RolloutRecord } from "../rollout/record.ts";

/**
 * The item of a record that Codex passes over (`UnreadItems`), in the form in which it reads it: text becomes parts, parts of another API
 * its own, objects in the place of text their JSON. `call`: the id of its other half, where its own is gone. `undefined`: what it says is
 * gone, too.
 */
export function mendedItem(record: RolloutRecord, call: string | undefined): JsonObject | undefined {
  const { kind = "", payload } = record;
  const { id, ...rest } = payload;
  const whole = typeof id === "string" ? payload : rest;
  const made = { ...whole, ...formed(kind, payload), ...(call !== undefined && { call_id: call }) };
  return isReadItem(kind, watched({ ...record, payload: made })) ? made : undefined;
}

function formed(kind: string, payload: JsonObject): JsonObject {
  switch (kind) {
    case "message":
      return message(payload);
    case "function_call":
      return { arguments: textOf(payload["arguments"]) };
    case "custom_tool_call":
      return { input: textOf(payload["input"]) };
    default: {
      const { output } = payload;
      return { output: Array.isArray(output) ? partsOf(output, "input_text") : textOf(output) };
    }
  }
}

function message(payload: JsonObject): JsonObject {
  const { content } = payload;
  const role = payload["role"] ?? roleOf(payload);
  if (typeof content !== "string" && !Array.isArray(content)) return { role };
  return { role, content: partsOf(content, role === "assistant" ? "output_text" : "input_text") };
}

/** Who says it, by the kind of its parts and by how the words begin that Codex itself says; `undefined` where that doesn't tell. */
function roleOf(payload: JsonObject): string | undefined {
  const { content } = payload;
  const kinds = new Set(Array.isArray(content) ? content.filter(isJsonObject).map(({ type }) => type) : []);
  if (kinds.has("output_text")) return "assistant";
  if (!kinds.has("input_text")) return undefined;
  return promptOf({ ...payload, role: "user" }) === undefined ? "developer" : "user";
}

const textOf = (value: unknown): unknown =>
  isJsonObject(value) || Array.isArray(value) ? writeJson(value) : value;
