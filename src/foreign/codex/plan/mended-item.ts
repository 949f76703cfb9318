import { isJsonObject, type JsonObject, objectsIn } from "../../../lib/json.ts";
import { writeJson } from "../../../lib/whole-json.ts";
import { isReadItem, kindByMembers } from "../examine/unread-items.ts";
import { watched } from "../examine/watched-record.ts";
import { partsOf, responsesItems } from "../rollout/payload/chat-items.ts";
import { promptOf } from "../rollout/payload/prompt.ts";
import type { RolloutRecord } from "../rollout/record/record.ts";

/**
 * The items of a record that Codex passes over or OpenAI refuses (`UnreadItems`), in the form in which they are read and taken: text becomes
 * parts, parts of another API its own or items of their own, objects in the place of text their JSON. `standIn`: of a call or an output,
 * what takes the place of members that are gone. None: what it says is gone, too.
 */
export function mendedItems(
  record: RolloutRecord,
  standIn: (kind: string, item: JsonObject) => JsonObject,
): JsonObject[] {
  const { payload } = record;
  const kind = record.kind ?? kindByMembers(watched(record));
  if (kind === undefined) return [];
  const { id, ...rest } = payload;
  const whole = typeof id === "string" ? payload : rest;
  const said = kind === "message" ? message(payload) : {};
  const items = responsesItems({ ...whole, type: kind, ...said }).map((item) => ({
    ...item,
    ...standIn(kindOf(item), item),
    ...formed(kindOf(item), item),
  }));
  const isRead = (item: JsonObject): boolean =>
    isReadItem(watched({ ...record, kind: kindOf(item), payload: item }));
  return items.every(isRead) ? items : [];
}

const kindOf = ({ type }: JsonObject): string => String(type);

function formed(kind: string, payload: JsonObject): JsonObject {
  switch (kind) {
    case "message":
      return {};
    case "reasoning":
      return reasoning(payload);
    case "function_call":
      return ofCall(payload, "arguments");
    case "custom_tool_call":
      return ofCall(payload, "input");
    default: {
      const { output } = payload;
      return { output: Array.isArray(output) ? partsOf(output, "input_text") : textOf(output) };
    }
  }
}

/** What is left of a call's name, and of what it was called with. */
function ofCall({ name, ...payload }: JsonObject, given: "arguments" | "input"): JsonObject {
  const text = textOf(payload[given]);
  return {
    ...(typeof name === "string" && { name }),
    ...(typeof text === "string" && { [given]: text }),
  };
}

/** Its seal and its words: Codex drops the seal, too, for the form of the words. */
function reasoning({ summary, content }: JsonObject): JsonObject {
  const words = (said: unknown, type: string): JsonObject[] =>
    (Array.isArray(said) ? said : [said]).flatMap((part: unknown) => {
      const text = isJsonObject(part) ? part["text"] : part;
      return typeof text === "string" && text !== "" ? [{ type, text }] : [];
    });
  const thoughts = words(content, "reasoning_text");
  return { summary: words(summary, "summary_text"), content: thoughts.length === 0 ? null : thoughts };
}

function message(payload: JsonObject): JsonObject {
  const { content } = payload;
  const role = payload["role"] ?? roleOf(payload);
  if ((content ?? null) === null) return { role };
  const said = isJsonObject(content) ? [content] : Array.isArray(content) ? content : textOf(content);
  return { role, content: said };
}

/** Who says it, by the kind of its parts and by how the words begin that Codex itself says; `undefined` where that doesn't tell. */
function roleOf(payload: JsonObject): string | undefined {
  const { content } = payload;
  const kinds = new Set(objectsIn(content).map(({ type }) => type));
  if (kinds.has("output_text")) return "assistant";
  if (!kinds.has("input_text")) return undefined;
  return promptOf({ ...payload, role: "user" }) === undefined ? "developer" : "user";
}

function textOf(value: unknown): unknown {
  if (isJsonObject(value) || Array.isArray(value)) return writeJson(value);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}
