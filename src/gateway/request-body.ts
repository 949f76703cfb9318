import type { IncomingMessage } from "node:http";
import type { Metrics } from "./metrics.ts";

export interface BodyLimits {
  /** Of one body, in bytes. */
  readonly one: number;
  /** Of all bodies that are held at one time, in bytes. */
  readonly all: number;
}

export type ReadBody =
  /** In the pieces that it came in: joining 256 MiB would take as much again. */
  | { kind: "whole"; body: readonly Buffer[] }
  | { kind: "too-large" }
  /** All held bodies together are at their limit. */
  | { kind: "full" }
  /** The client hung up. */
  | { kind: "gone" };

/**
 * Reads a request's body. Its bytes are counted as held until `release` is called, and `onBytes` is called for each piece.
 */
export function readBody(
  request: IncomingMessage,
  limits: BodyLimits,
  metrics: Metrics,
  onBytes: () => void,
): { body: Promise<ReadBody>; release(): void } {
  let held = 0;
  const release = (): void => {
    metrics.heldBytes -= held;
    held = 0;
  };
  const body = new Promise<ReadBody>((resolve) => {
    const declared = Number(request.headers["content-length"] ?? Number.NaN);
    const chunks: Buffer[] = [];
    const end = (result: ReadBody): void => {
      request.off("data", take).off("end", whole).off("close", gone).off("error", gone);
      if (result.kind !== "whole") {
        release();
        // A broken connection has nobody to tell it to.
        request.on("error", () => undefined);
      }
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      onBytes();
      held += chunk.length;
      metrics.heldBytes += chunk.length;
      chunks.push(chunk);
      if (held > limits.one) end({ kind: "too-large" });
      else if (metrics.heldBytes > limits.all) end({ kind: "full" });
    };
    const whole = (): void => end({ kind: "whole", body: chunks });
    const gone = (): void => end({ kind: "gone" });
    if (declared > limits.one) return end({ kind: "too-large" });
    request.on("data", take).on("end", whole).on("close", gone).on("error", gone);
  });
  return { body, release };
}
