import { failures } from "./answer-failure.ts";

/** Events before the first output: a stream that fails behind them has shown nothing. Comments have no name. */
const preludes: ReadonlySet<string> = new Set([
  "",
  "response.created",
  "response.in_progress",
  "response.queued",
  "response.metadata",
  "keepalive",
  "heartbeat",
  "ping",
  "[DONE]",
]);
/** What Codex's backend tells beside the answer (`codex.rate_limits`, `codex.response.metadata`, `responsesapi.websocket_timing`; 2026-09). */
const asides = /^(?:codex|responsesapi)\./u;

/** Whether an event of that name shows something, or tells how the response ended. */
export const tells = (name: string): boolean => !preludes.has(name) && !asides.test(name);

/** Events behind which no more of a response comes. */
export const ends: ReadonlySet<string> = new Set([
  "response.completed",
  "response.done",
  "response.incomplete",
  "response.cancelled",
  ...failures,
]);

/** Terminal by the API's words; Codex passes over a bare `error` and knows these alone, but for the last (codex-api `sse/responses.rs`, 2026-09). */
export const told: ReadonlySet<string> = new Set([
  "response.completed",
  "response.done",
  "response.incomplete",
  "response.failed",
  "response.cancelled",
]);
