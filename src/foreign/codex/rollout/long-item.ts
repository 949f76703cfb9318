import type { JsonObject } from "../../../lib/json.ts";
import { bytesWords } from "../../../lib/words.ts";
import { isCallKind, isOutputKind } from "../../../session/item.ts";
import type { RolloutRecord } from "./record.ts";

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
