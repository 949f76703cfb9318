import { printableLine } from "../lib/printable.ts";
import { durationWords } from "../lib/words.ts";
import type { SessionSummary } from "./summary.ts";

/** What of a listed session its status is worded from. */
export type Standing = Pick<SessionSummary, "status" | "reason" | "until" | "repairs" | "archived"> & {
  /** Who works in it now. */
  readonly holder?: { readonly pid: number };
  /** What is wrong with it, in one line. */
  readonly trouble?: string;
  /** The tool that it was taken over from has gone on with its own since. */
  readonly goneOn?: GoneOn;
};

/** `next`: the command that takes over what the other tool has added; into a session of its own (`apart`) where both have gone on. */
export interface GoneOn {
  readonly next: string;
  readonly apart?: true;
}

/** A session as it stands now: a limit holds until its reset, and from then on the turn that it stopped is no more than interrupted. */
export function standingAt<Listed extends Pick<SessionSummary, "status" | "reason" | "until">>(
  session: Listed,
  now: number,
): Listed {
  const { status, until } = session;
  if (status !== "limited" || until === undefined || until > now) return session;
  return { ...session, status: "interrupted", reason: "limit has reset" };
}

/** "running (pid 4711)", "limited, resets in 2 h 10 min", "failed: billing", "idle, healed 1×". */
export function statusWords(session: Standing, now: number): string {
  const goneOn = session.goneOn ? `, ${session.goneOn.apart ? "both have" : "Codex has"} gone on` : "";
  return `${session.archived ? "archived, " : ""}${standingWords(session, now)}${goneOn}`;
}

function standingWords(session: Standing, now: number): string {
  // Long enough for the command that such a message ends with.
  if (session.trouble) return `damaged: ${printableLine(session.trouble, 200)}`;
  const healed = session.repairs > 0 ? `, healed ${session.repairs}×` : "";
  if (session.holder) return `running (pid ${session.holder.pid})${healed}`;
  const { status, reason, until } = standingAt(session, now);
  if (status === "limited") {
    const left = until === undefined ? "" : `, resets in ${durationWords(until - now)}`;
    return `limited${left}${healed}`;
  }
  const why = reason && status !== "idle" ? `: ${printableLine(reason, 60)}` : "";
  return `${status}${why}${healed}`;
}
