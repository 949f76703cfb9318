import type { HealMemory } from "../memory/heal-memory.ts";

/** What the healing of one request rests on. */
export interface HealFacts {
  /** Whom the request goes to (`provider.ts`): the base URL, and a hash of the account. */
  readonly issuer: string;
  readonly memory: HealMemory;
  /** The body's `content-encoding`. */
  readonly encoding: string | undefined;
  /** A body that is larger than this once it is decoded, in bytes, isn't looked into. */
  readonly maxBytes: number;
  /** Whether the gateway waits until a limit ends (`wait_for_limits`); if not, the client is told of it. */
  readonly wait: boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /** Evenly distributed over [0, 1), for jitter. */
  random(): number;
}
