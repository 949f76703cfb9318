import type { TurnOutcome, Usage } from "../../../session/event.ts";
import type { History } from "../../../session/history.ts";
import { noUsage } from "../../../session/usage.ts";

/** How far a session has come while a thread is taken over into it. */
export interface Progress {
  turn: number;
  step: number;
  messages: number;
  title: string | undefined;
  usage: Usage;
  /** How the last turn ended, as far as a line has told it. */
  outcome: TurnOutcome | undefined;
  /** A line has told that a turn began, and none that it ended. */
  isOpen: boolean;
  /** The last item is the model's: its next one belongs to the same step. */
  inStep: boolean;
  /** The role of the last message, or the kind of what came after it; reasoning apart. */
  lastRole: string | undefined;
}

/** The outcome of a turn that no line ends. */
const notEnded = { kind: "interrupted", reason: "the turn was not ended in Codex" } as const;

/** Where a session stands that holds a part of the thread already; without a history, one that is being made. */
export function progressOf(history: History | undefined): Progress {
  const outcome = history?.lastOutcome;
  const isNotEnded = outcome?.kind === "interrupted" && outcome.reason === notEnded.reason;
  const turn = history?.turn ?? 0;
  const last = history?.items.at(-1)?.event;
  const said = history?.items.findLast(({ event }) => event.kind !== "reasoning")?.event;
  return {
    turn,
    step: history?.step ?? 0,
    messages: history?.messages ?? 0,
    title: history?.title,
    usage: history?.usage ?? noUsage,
    // Only an outcome that the rollout told is kept; "not ended" is worked out again from all items.
    outcome: isNotEnded ? undefined : outcome,
    isOpen: history?.imported?.open === true,
    // A turn may have begun since, which has no item yet.
    inStep: last?.type === "item-added" && last.origin === "model" && last.turn === turn,
    lastRole: said?.kind === "message" ? said.role : said?.kind,
  };
}

/** How the last turn ended. Before Codex 0.100 no line says that it did: an answer does. */
export function outcomeIn({ isOpen, outcome, lastRole }: Progress): TurnOutcome {
  if (isOpen) return notEnded;
  if (outcome) return outcome;
  return lastRole === "assistant" || lastRole === undefined ? { kind: "completed" } : notEnded;
}
