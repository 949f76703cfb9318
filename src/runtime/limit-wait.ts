import type { TurnOutcome } from "../session/event.ts";
import type { History } from "../session/history.ts";
import { wakeUp } from "../recovery/policy.ts";
import type { Runtime } from "../turn/equipment.ts";
import type { Journal } from "../turn/journal.ts";
import { pauseUntil } from "../turn/pause.ts";
import { clockTime } from "./repair.ts";

/** When the limit that stopped the last turn ends (milliseconds since 1970), if that is to be waited for and is still to come. */
export function limitToSitOut({ clock, wait }: Runtime, { lastOutcome }: History): number | undefined {
  const until = lastOutcome?.kind === "limited" ? lastOutcome.until : undefined;
  return wait && until !== undefined && until > clock.now() ? until : undefined;
}

/**
 * Waits for a limit before the turn is begun, so that nothing is spent; the last turn's outcome in the log says until when. Resolves to an
 * outcome only when the wait was cancelled.
 */
export function sitOut(
  runtime: Runtime,
  journal: Journal,
  limit: number,
  signal: AbortSignal,
): Promise<TurnOutcome | undefined> {
  return waitUntil(runtime, journal, wakeUp(limit, runtime.clock.now(), runtime.random()), signal);
}

/** Waits until a time (milliseconds since 1970), and says so. Resolves to an outcome only when the wait was cancelled. */
export async function waitUntil(
  runtime: Runtime,
  { log }: Journal,
  until: number,
  signal: AbortSignal,
): Promise<TurnOutcome | undefined> {
  const at = clockTime(until);
  runtime.observe({ type: "waiting", until, notice: `waiting until ${at}; Ctrl-C stops it` });
  log.doing(`waiting for a limit to end at ${at}`);
  const cancelled = cancelledBy(await pauseUntil(until, runtime.clock, signal, log.lost));
  if (cancelled) {
    const text = `the wait was cancelled; the session stays parked until ${at}`;
    runtime.observe({ type: "notice", text });
  }
  return cancelled;
}

/** The outcome of a turn whose pause ended so; none when the pause ran to its end. */
export const cancelledBy = (ended: "over" | "cancelled"): TurnOutcome | undefined =>
  ended === "cancelled" ? { kind: "interrupted", reason: "cancelled" } : undefined;

/** What the log is to say of a turn that ended so: one that was interrupted while it waited for a limit is limited, since that holds on. */
export const outcomeToLog = (outcome: TurnOutcome, { waiting }: History): TurnOutcome =>
  (outcome.kind === "interrupted" && waiting) || outcome;
