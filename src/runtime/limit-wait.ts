import type { TurnOutcome } from "../session/event.ts";
import type { History } from "../session/history.ts";
import { wakeUp } from "../recovery/policy.ts";
import type { Runtime } from "./equipment.ts";
import type { Journal } from "../turn/journal.ts";
import { pauseUntil } from "./pause.ts";

/** A time of day as notices write it, where this process runs: `14:03:07 CET`. */
export function clockTime(at: number): string {
  // The hour is told as two digits only where that is asked for.
  const two = "2-digit";
  return new Date(at).toLocaleTimeString("en-GB", {
    hour: two,
    minute: two,
    second: two,
    timeZoneName: "short",
  });
}

/**
 * When to go on after the limit that stopped the last turn (milliseconds since 1970), if that is to be waited for and is still to come: it
 * is waited for before a turn is begun, so that nothing is spent.
 */
export function limitToSitOut(
  { clock, random, wait }: Runtime,
  { lastOutcome }: History,
): number | undefined {
  const until = lastOutcome?.kind === "limited" ? lastOutcome.until : undefined;
  const now = clock.now();
  return wait && until !== undefined && until > now ? wakeUp(until, now, random()) : undefined;
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
