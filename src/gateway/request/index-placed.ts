import type { Failure } from "../../failure.ts";
import { namedBy, ofInput, withIndex } from "../../failure/named.ts";
import type { TakenRequest } from "./taken-request.ts";

/**
 * An index in an error counts what was sent. Where that was the client's own input it is turned into the item's index in the projection,
 * which is what the ladder looks it up in.
 */
export function withIndexPlaced(failure: Failure, taken: TakenRequest): Failure {
  const placed = ofInput(failure);
  const { index } = namedBy(placed);
  if (index === undefined || !taken.isVerbatim) return placed;
  return withIndex(placed, taken.placeOf(index));
}
