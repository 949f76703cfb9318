// What a policy is asked about, and when.
import { Failure } from "../../src/failure.ts";
import type { Circumstances } from "../../src/recovery/policy.ts";
import { WrittenLog } from "../property/written-log.ts";
import { projected } from "./projected.ts";

export const now = 1_000_000;

export function circumstances(given: Partial<Circumstances> = {}): Circumstances {
  return { now, random: 0.5, wait: false, projection: projected(new WrittenLog()), upTo: 0, ...given };
}

export const sealed = (): Failure => new Failure("sealed-reasoning-rejected", "m", {});

/** A failure in words that nobody knows. */
export const unknown = (status?: number): Failure =>
  new Failure(
    "unknown-provider-failure",
    "m",
    {},
    { signal: { source: "http", message: "m", ...(status !== undefined && { status }) } },
  );
