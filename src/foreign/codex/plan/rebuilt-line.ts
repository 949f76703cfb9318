import type { JsonObject } from "../../../lib/json.ts";
import type { RolloutRecord } from "../rollout/record/record.ts";

/** Marks every line that a repair has made: Codex ignores members that it doesn't know. */
export const rebuiltMark = { rebuilt_by: "throughline repair" } as const;

/** The record of a line that is put in, in the form and with the time of a neighbour, and marked as rebuilt. */
export function rebuiltLine(
  { era, at }: RolloutRecord,
  payload: JsonObject,
  ordinal: number | undefined,
  type: "response_item" | "event_msg" = "response_item",
): JsonObject {
  if (era === "bare") return payload;
  const timestamp = new Date(at ?? 0).toISOString();
  return { timestamp, ...(ordinal !== undefined && { ordinal }), type, payload, ...rebuiltMark };
}
