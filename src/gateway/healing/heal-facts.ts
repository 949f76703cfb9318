import type { HealMemory } from "../memory/heal-memory.ts";

/** What the healing of one request rests on. */
export interface HealFacts {
  /** Who is asked. */
  readonly issuer: string;
  readonly memory: HealMemory;
  /** The body's `content-encoding`. */
  readonly encoding: string | undefined;
  /** Bytes of the largest body that is decoded. */
  readonly maxBytes: number;
  /** Whether limits are sat out. */
  readonly wait: boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /** Evenly distributed over [0, 1), for jitter. */
  random(): number;
}
