import type { IncomingHttpHeaders } from "node:http";
import type { Failure, FailureSignal } from "../../failure.ts";

/**
 * What an attempt came to that failed before anything of it went to the client. `head` is absent when there was no answer, or none that
 * may be passed on as it is, since it is cut off.
 */
export interface Refusal {
  readonly signal: FailureSignal;
  readonly head?: { readonly status: number; readonly headers: IncomingHttpHeaders };
  /** What came of the answer, to be passed on; whole unless the connection broke. */
  readonly held: readonly Buffer[];
  /**
   * An event to be put after them which clients know as an end, where the failure was told in one that they pass over (a bare `error`).
   */
  readonly ending?: (failure: Failure) => string | undefined;
  /** What was thrown, where there was no answer. */
  readonly cause?: Error;
}

/** Who an attempt tells. Nothing is told after `refused`, `finished` or `broken`, nor after `cancel`. */
export interface AttemptHost {
  /**
   * The answer goes out from here on. `arrivedAt`: when the bytes came that decided it (`performance.now()`). `isGood`: it is good, as far
   * as it has come; `false` also for one that can't be judged.
   */
  commit(status: number, headers: IncomingHttpHeaders, arrivedAt: number, isGood: boolean): void;
  /** Goes out with the next `flush`, or with the end. The bytes are the caller's again when it returns. */
  write(bytes: Buffer): void;
  /** Sends what was written. `false` when the client can't take more just now: call `resume`. */
  flush(): boolean;
  finished(): void;
  /** The failure that a signal of this answer's tells. */
  classified(signal: FailureSignal): Failure;
  /** The answer ended without being whole after it was committed. `ending`: the event that ends it now (`brokenEnding`). */
  broken(failure: Failure, ending: string | undefined): void;
  refused(refusal: Refusal): void;
  /** Something came from the upstream: it doesn't stand still. */
  alive(): void;
  /** The answer holds these sealed blobs, known by their hashes. */
  sealed(blobs: readonly string[]): void;
  /** The answer is the response of this id. */
  began?(response: string): void;
}
