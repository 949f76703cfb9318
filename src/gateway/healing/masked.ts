import { type Failure, isFailureOf } from "../../failure.ts";

/** What relays say in place of their upstream's refusal: sub2api with 502 and in the stream (Wei-Shaw/sub2api#3038, #2913, 2026-06). */
const masks = /^upstream request failed\.?$/iu;

/** After so many of them one request's trouble isn't taken for a passing one any more. */
export const masksBelieved = 3;

/** Begins the line for a request that is tried without its sealed items because of such failures. */
export const maskNotice =
  "the upstream keeps failing and doesn't say of what, as relays do that hide a refusal";

/** Whether a relay may be hiding a refusal behind this failure. */
export const isMasked = (failure: Failure): boolean =>
  isFailureOf(failure, "overloaded") && masks.test(failure.signal?.message ?? "");
