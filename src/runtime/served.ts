import type { TurnOutcome } from "../session/event.ts";

/** How a run of turns ended. */
export interface Served {
  /** Outcome of the last turn; absent when there was nothing to do. */
  outcome?: TurnOutcome;
  /** How many follow-ups got a turn of their own. */
  delivered: number;
  /** How many still wait, because the last turn did not complete. */
  waiting: number;
}
