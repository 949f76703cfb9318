import { crashPoint } from "../lib/fault.ts";
import type { Action } from "../recovery/action.ts";
import type { Failure } from "../failure.ts";
import type { FailureClass } from "../failure/catalogue.ts";
import { endedMessage } from "../failure/message.ts";
import type { Quarantine, TurnOutcome } from "../session/event.ts";
import { pairRepair } from "../recovery/pair-repair.ts";
import { noticeOf, pairInWordsNotice } from "../recovery/notice.ts";
import type { Journal } from "../turn/journal.ts";
import type { Interrupted } from "../turn/turn.ts";
import type { Runtime } from "./equipment.ts";
import { clockTime } from "./limit-wait.ts";
import { outputEvent } from "../turn/calls.ts";

/** Logs a failed attempt with the action that follows, and tells the watchers, unless the action itself is told. */
export async function logFailure(
  { clock, observe }: Runtime,
  journal: Journal,
  result: Interrupted,
  action: Action,
): Promise<void> {
  const { failure, step, attempt, items, calls } = result;
  const { signal } = failure;
  const delay = action.do === "retry" ? { delayMs: action.delayMs } : {};
  await journal.append({
    event: {
      type: "attempt-failed",
      turn: journal.history.turn,
      step,
      attempt,
      class: failure.class,
      message: signal?.message ?? failure.message,
      ...(signal?.status !== undefined && { status: signal.status }),
      action: action.do,
      ...(action.do === "wait" ? { until: action.until } : delay),
    },
  });
  crashPoint("attempt-failed");
  if (action.do === "repair" || action.do === "repair-pairs" || action.do === "rotate") return;
  const notice = noticeOf(failure, action, { now: clock.now(), items, outputs: calls, clockTime });
  observe({ type: "attempt-failed", failure, action: action.do, ...delay, notice });
}

/** Logs what is set aside from now on, and tells it. */
export async function quarantine(
  { observe }: Pick<Runtime, "observe">,
  journal: Journal,
  made: Quarantine,
  notice: string,
): Promise<void> {
  await journal.append({
    event: { type: "items-quarantined", turn: journal.history.turn, ...made, notice },
  });
  crashPoint("quarantine-appended");
  observe({ type: "repaired", class: made.why, notice, rung: made.rung, count: made.count });
}

/** A turn's end, which says what to do next about the class that it ends as: not always that of its last failure. */
export const failedAs = (ended: FailureClass, failure: Failure): TurnOutcome => ({
  kind: "failed",
  class: ended,
  message: ended === failure.class ? failure.message : endedMessage(ended, failure.message),
});

/** Logs the output that a call lacks, or sets aside what has no call; resolves to the turn's outcome when neither can be done. */
export async function repairPairs(
  runtime: Pick<Runtime, "observe">,
  journal: Journal,
  { call, notice }: Extract<Action, { do: "repair-pairs" }>,
  failure: Failure,
  issuer: string,
): Promise<TurnOutcome | undefined> {
  const repair = pairRepair(journal.history, call, issuer, failure.class);
  if (!repair) return failedAs("unrecoverable", failure);
  if (repair.do === "in-words") {
    await quarantine(runtime, journal, repair.quarantine, pairInWordsNotice(failure, call));
  } else {
    await journal.append(outputEvent(repair.record, repair.item, "repair"));
    runtime.observe({ type: "repaired", class: failure.class, notice, rung: 0, count: 1 });
  }
  return undefined;
}
