import type { Rests } from "./body/gathering.ts";
import type { HealMemory } from "./memory/heal-memory.ts";
import type { BodyMemory } from "./body/held-body.ts";
import type { Metrics } from "./metrics.ts";
import type { OpenRequests } from "./open-requests.ts";
import type { BodyLimits } from "./request-body.ts";
import type { Upstreams } from "./upstreams.ts";
import type { Watchdog } from "./watchdog.ts";

/** What every request of one gateway shares. */
export interface GatewayContext {
  readonly upstreams: Upstreams;
  readonly metrics: Metrics;
  readonly limits: BodyLimits;
  readonly bodyMemory: BodyMemory;
  readonly rests: Rests;
  readonly watchdog: Watchdog;
  readonly open: OpenRequests;
  /** Without a byte of a stream from the upstream, or without the client taking or sending one, for so long a request is given up. */
  readonly idleMs: number;
  /** Without a byte from the upstream for so long it is given up where no stream is awaited. */
  readonly wholeIdleMs: number;
  /** Without a byte of a request's body for so long it is refused. */
  readonly bodyIdleMs: number;
  readonly token?: string;
  readonly ledger: HealMemory;
  /** Whether the gateway waits until a limit ends (`wait_for_limits`). */
  readonly wait: boolean;
  /** One line for the operator. */
  log(line: string): void;
  /** Milliseconds since 1970. */
  now(): number;
  /** Evenly distributed over [0, 1). */
  random(): number;
}
