import type { IncomingMessage } from "node:http";
import { type BodyMemory, HeldBody } from "./body/held-body.ts";
import type { Metrics } from "./metrics.ts";

/** How much is held of request bodies. */
export interface BodyLimits {
  /** Of one body, in bytes. */
  readonly one: number;
  /** Of all bodies that are held at one time, in bytes. */
  readonly all: number;
}

/** What the reading of a body came to. */
export type ReadBody =
  | { kind: "whole"; body: HeldBody }
  | { kind: "too-large" }
  /** All held bodies together are at their limit. */
  | { kind: "full" }
  /** The client closed the connection. */
  | { kind: "gone" };

/** What is shared by all bodies that are read. */
export interface BodyContext {
  readonly limits: BodyLimits;
  readonly metrics: Metrics;
  readonly bodyMemory: BodyMemory;
}

/**
 * Reads a request's body. Its bytes are counted as held until `release` is called (`HeldBody.release`); `onBytes` is
 * called for each piece.
 */
export function readBody(
  request: IncomingMessage,
  { limits, metrics, bodyMemory }: BodyContext,
  onBytes: () => void,
): { body: Promise<ReadBody>; release(isFree: boolean): void } {
  const held = new HeldBody(bodyMemory);
  let counted = 0;
  const release = (isFree: boolean): void => {
    metrics.heldBytes -= counted;
    counted = 0;
    held.release(isFree);
  };
  const body = new Promise<ReadBody>((resolve) => {
    const declared = Number(request.headers["content-length"] ?? Number.NaN);
    const end = (result: ReadBody): void => {
      request.off("data", take).off("end", whole).off("close", gone).off("error", gone);
      if (result.kind !== "whole") {
        release(true);
        // A connection that breaks later must not end the process: there is nobody to be told.
        request.on("error", () => undefined);
      }
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      onBytes();
      counted += chunk.length;
      metrics.heldBytes += chunk.length;
      held.add(chunk);
      if (counted > limits.one) end({ kind: "too-large" });
      else if (metrics.heldBytes > limits.all) end({ kind: "full" });
    };
    const whole = (): void => end({ kind: "whole", body: held });
    const gone = (): void => end({ kind: "gone" });
    if (declared > limits.one) return end({ kind: "too-large" });
    request.on("data", take).on("end", whole).on("close", gone).on("error", gone);
  });
  return { body, release };
}
