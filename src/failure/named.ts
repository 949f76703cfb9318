import { Failure } from "../failure.ts";
import type { FailureClass, FailureData, SealRefusal } from "./catalogue.ts";

/** What a refusal names of the request, whatever its class. */
export interface Named extends SealRefusal {
  /** The id of a call. */
  call?: string;
}

/** What the refusal names, as far as the data of its class has it. */
export function namedBy(failure: Failure): Named {
  // Each class has these members with this meaning, or not at all (`FailureData`).
  return failure.data as Named;
}

/** The same refusal, understood to be of this class and about this. */
export function reread<C extends FailureClass>(
  { message, cause, signal }: Failure,
  failureClass: C,
  data: FailureData[C],
): Failure<C> {
  return new Failure(failureClass, message, data, { cause, ...(signal && { signal }) });
}

/** The same failure with another index, or without one. */
export function withIndex(failure: Failure, index: number | undefined): Failure {
  const { index: _index, ...data } = namedBy(failure);
  return reread(failure, failure.class, { ...data, ...(index !== undefined && { index }) });
}

/**
 * A refusal of a Responses request: a place in `messages` is one in what a relay has made of the request for another wire, and no index
 * into its input.
 */
export function ofInput(failure: Failure): Failure {
  const said = `${failure.signal?.param ?? ""} ${failure.signal?.message ?? ""}`;
  const isElsewhere = /\bmessages\.?\[?\d/u.test(said) && !/\binput\.?\[?\d/u.test(said);
  return isElsewhere && namedBy(failure).index !== undefined ? withIndex(failure, undefined) : failure;
}
