import type { JsonObject } from "../../../lib/json.ts";
import { rebuiltMark } from "./rebuild-head.ts";
import type { RolloutRecord } from "../rollout/record.ts";

/**
 * The record of a line that is put in, in the form and with the time of a neighbour, marked as rebuilt. `ordinal` is `{ ordinal }`, or
 * empty.
 */
export function rebuiltLine(
  { era, at }: RolloutRecord,
  payload: JsonObject,
  ordinal: object,
  type: "response_item" | "event_msg" = "response_item",
): JsonObject {
  if (era === "bare") return payload;
  const timestamp = new Date(at ?? 0).toISOString();
  return { timestamp, ...ordinal, type, payload, ...rebuiltMark };
}
