import { printableLine } from "../lib/printable.ts";
import { durationWords } from "../lib/words.ts";
import type { SessionSummary } from "./summary.ts";

/** What of a listed session its status is worded from. */
export type Standing = Pick<SessionSummary, "status" | "reason" | "until" | "repairs" | "archived"> & {
  /** Who works in it now. */
  readonly holder?: { readonly pid: number };
  /** What is wrong with it, in one line. */
  readonly trouble?: string;
};

/** "running (pid 4711)", "limited, resets in 2 h 10 min", "failed: billing", "idle, healed 1×". */
export function statusWords(session: Standing, now: number): string {
  return `${session.archived ? "archived, " : ""}${standingWords(session, now)}`;
}

function standingWords(session: Standing, now: number): string {
  // Long enough for the command that such a message ends with.
  if (session.trouble) return `damaged: ${printableLine(session.trouble, 200)}`;
  const healed = session.repairs > 0 ? `, healed ${session.repairs}×` : "";
  if (session.holder) return `running (pid ${session.holder.pid})${healed}`;
  if (session.status === "limited") {
    const left =
      session.until === undefined
        ? ""
        : session.until > now
          ? `, resets in ${durationWords(session.until - now)}`
          : ", window has reset";
    return `limited${left}${healed}`;
  }
  const reason = session.reason && session.status !== "idle" ? `: ${printableLine(session.reason, 60)}` : "";
  return `${session.status}${reason}${healed}`;
}
