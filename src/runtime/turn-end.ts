import { checkpointOf } from "../session/checkpoint.ts";
import type { TurnOutcome } from "../session/event.ts";
import { Calls } from "../turn/calls.ts";
import type { Equipment, Runtime } from "./equipment.ts";
import type { Journal } from "../turn/journal.ts";
import { settleCalls } from "../turn/settle.ts";
import { clockTime, outcomeToLog } from "./limit-wait.ts";

/** Logs the end of the turn, with a checkpoint. */
export async function endTurn(journal: Journal, ended: TurnOutcome): Promise<void> {
  const { history } = journal;
  const outcome = outcomeToLog(ended, history);
  const [appended] = await journal.append({
    event: { type: "turn-ended", turn: history.turn, outcome, checkpoint: checkpointOf(history) },
  });
  // The log's own time: a catalogue rebuilt from the log must say the same.
  if (appended) journal.describe(appended.event.at);
}

/** Settles what a dead owner left: gives calls without output one, and ends a turn that has no end. */
export async function settleLeft(
  { clock, observe }: Pick<Runtime, "clock" | "observe">,
  journal: Journal,
  { environment }: Pick<Equipment, "environment">,
  signal: AbortSignal,
): Promise<void> {
  journal.describe(clock.now());
  await settleCalls(journal, new Calls(journal, environment, observe, signal), observe, clock);
  const { openTurn, waiting } = journal.history;
  if (!openTurn) return;
  const what = waiting ? `waiting until ${clockTime(waiting.until)}` : "cut off";
  observe({
    type: "notice",
    text: `turn ${openTurn.turn} was ${what} when its process ended; everything that it finished is kept`,
  });
  await endTurn(journal, { kind: "interrupted", reason: "its process ended" });
}
