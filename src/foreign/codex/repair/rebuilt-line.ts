import type { JsonObject } from "../../../lib/json.ts";
import { rebuiltMark } from "./rebuild-head.ts";
import type { RolloutRecord } from "../rollout/record.ts";

/** A line in the form of its neighbour, marked as what it is. */
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
