import { type Failure, isFailureOf } from "../../failure.ts";

/** What relays say in place of their upstream's refusal: sub2api with 502 and in the stream (Wei-Shaw/sub2api#3038, #2913, 2026-06). */
const masks = /^upstream request failed\.?$/iu;

/** After so many of them one request's trouble isn't taken for a passing one any more. */
const believed = 3;

/** Begins the line for a request that is tried without its sealed items because of such failures. */
export const maskNotice =
  "the upstream keeps failing and doesn't say of what, as relays do that hide a refusal";

/** Whether a relay may be hiding a refusal behind this failure. */
const isMasked = (failure: Failure): boolean =>
  isFailureOf(failure, "overloaded") && masks.test(failure.signal?.message ?? "");

/** The failures of one request behind which a relay may hide a refusal, and the one try without anything sealed that they lead to. */
export class Masked {
  #count = 0;
  #try: "running" | "over" | undefined;
  #before: Buffer | undefined;

  /** Whether the request is being tried without anything sealed. */
  get isTrying(): boolean {
    return this.#try === "running";
  }

  /** Notes a failure. Which requests are to be tried after it: none, those of a suspected conversation, or any. */
  note(failure: Failure): "none" | "suspected" | "any" {
    if (isMasked(failure)) this.#count++;
    if (this.#try || this.#count === 0) return "none";
    return this.#count >= believed ? "any" : "suspected";
  }

  /** The try begins. `body` is what was sent until now; `undefined`: the client's own. */
  begin(body: Buffer | undefined): void {
    this.#try = "running";
    this.#before = body;
  }

  /** The try didn't help. Returns the body that goes again. */
  end(): Buffer | undefined {
    this.#try = "over";
    return this.#before;
  }
}
