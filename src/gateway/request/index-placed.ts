import { Failure } from "../../failure.ts";
import type { TakenRequest } from "./taken-request.ts";

/**
 * An index in an error counts what was sent. Where that was the client's own input it is turned into the item's index in the projection,
 * which is what the ladder looks it up in.
 */
export function withIndexPlaced(failure: Failure, taken: TakenRequest): Failure {
  const { index, ...data } = failure.data as { index?: number };
  if (index === undefined || !taken.isVerbatim) return failure;
  const place = taken.placeOf(index);
  const options = failure.signal === undefined ? {} : { signal: failure.signal };
  return new Failure(
    failure.class,
    failure.message,
    { ...data, ...(place !== undefined && { index: place }) },
    options,
  );
}
