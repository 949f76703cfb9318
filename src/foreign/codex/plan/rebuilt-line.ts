import type { JsonObject } from "../../../lib/json.ts";
import { rebuiltMark } from "../rollout/record/rebuilt.ts";
import type { RolloutRecord } from "../rollout/record/record.ts";

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
