/** Events before the first output: a stream that fails after no others has shown nothing yet. The empty name is that of comments. */
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
/**
 * What Codex's backend tells beside the answer (`codex.rate_limits`, `codex.response.metadata`, `responsesapi.websocket_timing`; 2026-09).
 */
const asides = /^(?:codex|responsesapi)\./u;

/** Whether an event of that name shows something, or tells how the response ended. */
export const isTelling = (name: string): boolean => !preludes.has(name) && !asides.test(name);

/**
 * Events by which clients know that a response has ended. Codex knows all but the last, and passes over a bare `error` (codex-api
 * `sse/responses.rs`, 2026-09).
 */
export const terminalEvents: ReadonlySet<string> = new Set([
  "response.completed",
  "response.done",
  "response.incomplete",
  "response.failed",
  "response.cancelled",
]);

/** Events that tell a failure. */
export const failureEvents: ReadonlySet<string> = new Set(["error", "response.failed", "response.error"]);
