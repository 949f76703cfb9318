import type { JsonObject } from "../../../../lib/json.ts";
import { bytesWords } from "../../../../lib/words.ts";
import { isCallKind, isOutputKind } from "../../../../session/item.ts";
import { glance } from "./glance.ts";
import type { RolloutRecord } from "./record.ts";

/** What the head of a line that is too long to be parsed says of the record: what it is, and which call it belongs to. */
export function recordOfHead(head: Buffer): RolloutRecord | undefined {
  const glanced = glance(head);
  if (glanced === undefined) return undefined;
  const { type, kind, ordinal, payload: start } = glanced;
  const text = head.toString("latin1", start);
  const members = ["id", "role", "call_id", "name"].flatMap((key) => {
    const value = new RegExp(`^\\{(?:"\\w+":(?:"[^"\\\\]*"|null),)*?"${key}":"([^"\\\\]*)"`, "u").exec(
      text,
    )?.[1];
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    readable: true,
    era: start === 0 ? "bare" : "envelope",
    type,
    ...(kind !== undefined && { kind }),
    payload: Object.fromEntries(members),
    ...(ordinal !== undefined && { ordinal }),
  };
}

/**
 * Stands in for an item whose line, of `bytes` bytes, is longer than what is held of one. No request could carry it, so words tell of it:
 * calls keep their outputs, and rollbacks count what they counted. `undefined` for items that nothing refers to.
 */
export function standIn({ kind = "", payload }: RolloutRecord, bytes: number): JsonObject | undefined {
  const words = `[${bytesWords(bytes)}, too long to be taken over: Codex's session has it]`;
  const { call_id: call, name, role } = payload;
  if (kind === "message" && (role === "user" || role === "assistant")) {
    const type = role === "user" ? "input_text" : "output_text";
    return { type: kind, role, content: [{ type, text: words }] };
  }
  if (typeof call !== "string") return undefined;
  if (isOutputKind(kind)) return { type: kind, call_id: call, output: words };
  if (!isCallKind(kind)) return undefined;
  const named = { type: kind, call_id: call, name: typeof name === "string" ? name : "lost_call" };
  if (kind === "custom_tool_call") return { ...named, input: words };
  return kind === "function_call" ? { ...named, arguments: JSON.stringify({ note: words }) } : undefined;
}
