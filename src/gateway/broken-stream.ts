import { type Failure, isFailureOf } from "../failure.ts";
import { failedEvent } from "./answer.ts";

/** How a stream broke, in a word. */
export function breakReason(failure: Failure): string {
  return isFailureOf(failure, "transport-interrupted") ? failure.data.reason : failure.class;
}

/**
 * The event that ends a stream which was cut after output had gone out. `events` went out, `first` of them first; without it (a piece of a
 * large event did) nothing can end it but its own cut.
 */
export function brokenEnding(
  failure: Failure,
  events: number,
  first: Buffer | undefined,
): string | undefined {
  if (first === undefined) return undefined;
  const why = `The upstream's stream ended (${breakReason(failure)}) after output had begun; what was sent counts, and nothing was asked again`;
  const response = /"id"\s*:\s*"(resp_[\w-]+)"/u.exec(first.toString("latin1", 0, 4_096))?.[1];
  return failedEvent(events, response, failure.class, why);
}
