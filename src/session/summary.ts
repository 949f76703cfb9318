import type { Settings, Usage, Workspace } from "./event.ts";
import type { History } from "./history.ts";
import type { Imported } from "./imported.ts";

/** How a session stands, for lists: what it is doing or why it stopped. */
export type SessionStatus = "idle" | "interrupted" | "limited" | "failed" | "cleared";

/** What a list says of a session; the catalogue keeps one row of it. Times are milliseconds since 1970. */
export interface SessionSummary {
  id: string;
  name?: string;
  /** First line of the first prompt. */
  title?: string;
  workspace: Workspace;
  settings: Settings;
  created: number;
  /** Time of the last event. */
  updated: number;
  status: SessionStatus;
  /** Why it stopped: failure class or reason. */
  reason?: string;
  /** When a limit ends. */
  until?: number;
  /** Turns, steps and messages count everything so far, what was rewound or cleared since included. */
  turns: number;
  steps: number;
  /** Of the person and of the model. */
  messages: number;
  /** How often items were set aside for the session to go on. */
  repairs: number;
  /** All turns together. */
  usage: Usage;
  /** The session that this one continues. */
  parent?: string;
  /** Made by rotating the parent. */
  rotated?: true;
  /** The session that continues this one. */
  successor?: string;
  /** Put out of lists. */
  archived?: true;
  /** Another tool's session that it was taken over from, and how far. */
  imported?: Pick<Imported, "id" | "rollout" | "bytes" | "turn">;
}

/** The row of a list, as of `updated` (the time of the last event). A turn that has not ended counts as interrupted: its owner may be dead. */
export function summarize(history: History, updated: number): SessionSummary {
  const {
    id,
    name,
    title,
    workspace,
    settings,
    created,
    repairs,
    usage,
    parent,
    rotated,
    successor,
    archived,
    imported,
  } = history;
  return {
    id,
    ...(name !== undefined && { name }),
    ...(title !== undefined && { title }),
    workspace,
    settings,
    created,
    updated,
    ...standing(history),
    turns: history.turn,
    steps: history.step,
    messages: history.messages,
    repairs,
    usage,
    ...(parent !== undefined && { parent }),
    ...(rotated !== undefined && { rotated }),
    ...(successor !== undefined && { successor }),
    ...(archived !== undefined && { archived }),
    ...(imported && { imported: takenOf(imported) }),
  };
}

function takenOf({ id, rollout, bytes, turn }: Imported): NonNullable<SessionSummary["imported"]> {
  return { id, rollout, bytes, turn };
}

function standing(history: History): Pick<SessionSummary, "status" | "reason" | "until"> {
  const { openTurn, cleared, waiting } = history;
  // An open turn that waits for a limit is listed as limited: its owner may be gone, but the limit still holds.
  const lastOutcome = openTurn ? waiting : history.lastOutcome;
  if (openTurn && !waiting) return { status: "interrupted", reason: "the turn was not ended" };
  if (cleared) return { status: "cleared" };
  switch (lastOutcome?.kind) {
    case undefined:
    case "completed":
      return { status: "idle" };
    case "interrupted":
      return { status: "interrupted", reason: lastOutcome.reason };
    case "failed":
      return { status: "failed", reason: lastOutcome.class };
    case "limited": {
      const { until } = lastOutcome;
      return { status: "limited", reason: lastOutcome.class, ...(until !== undefined && { until }) };
    }
  }
}
