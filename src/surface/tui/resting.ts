import { contextWindow } from "../../agent/context-window.ts";
import { canContinue, type History } from "../../session/history.ts";
import type { Holder } from "../../store.ts";
import { modelWords } from "../session-words.ts";
import type { Happening, Phase, Stop } from "./state.ts";

// What a session's history tells the view while nothing runs.

/** Why the session stopped before it was done; `undefined` when there is nothing to go on with. */
function stopOf(history: History): Stop | undefined {
  if (history.openTurn) return { kind: "interrupted" };
  if (!canContinue(history)) return undefined;
  const outcome = history.lastOutcome;
  if (outcome?.kind !== "limited") return { kind: outcome?.kind === "failed" ? "failed" : "interrupted" };
  return { kind: "limited", wakes: false, ...(outcome.until !== undefined && { until: outcome.until }) };
}

/**
 * That the view rests after this phase. A wait that the person asked for stays, also when another process has changed something else of the
 * session.
 */
export function rested(history: History | undefined, { phase }: { phase: Phase }): Happening {
  const before = phase.kind === "resting" && phase.stop?.kind === "limited" ? phase.stop : undefined;
  const stop = history && stopOf(history);
  const wakes = before?.wakes === true && stop?.kind === "limited" && stop.until === before.until;
  return { type: "rested", ...(stop && { stop: wakes ? { ...stop, wakes } : stop }) };
}

/** Who works in a session; `undefined`: nobody. */
export function holderWords(holder: Holder): string | undefined {
  if (holder.state === "free") return undefined;
  return holder.owner ? `pid ${holder.owner.pid}` : "another process";
}

/** Which session is open, its model, and how full its context is. */
export function opened({ id, name, settings, contextTokens }: History): Happening[] {
  const session = { id, ...(name !== undefined && { name }) };
  const window = contextWindow(settings.model);
  const context =
    contextTokens === undefined
      ? undefined
      : { tokens: contextTokens, ...(window !== undefined && { window }) };
  return [
    { type: "session", session, model: modelWords(settings) },
    { type: "context", context },
  ];
}
