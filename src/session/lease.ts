import type { ProcessFate } from "../lib/process.ts";
import type { Owner } from "./event.ts";

/**
 * Who owns a session. Lease `n` is taken by creating its file exclusively, and the highest number owns. A lease is given back by marking it
 * released, or is taken from an owner that is dead. Clocks of different hosts are never compared: an owner that can't be looked at is
 * dead when its counter has stood still for a time on the observer's own monotonic clock.
 */
export interface Lease {
  fence: number;
  /** The log's schema as the owner writes it, so that an older version knows without reading the log (R20). */
  schema: number;
  owner: Owner;
  /** Counted up by the owner while it lives. */
  beat: number;
  released: boolean;
}

/** How often an owner counts up, milliseconds. */
export const beatEveryMs = 5_000;
/** How long a counter that can't be explained otherwise has to stand still, milliseconds. */
const silenceMs = 30_000;
/** How long a lease file that says nothing is watched: its owner is between creating and writing it, or died there. Milliseconds. */
const halfWrittenMs = 2_000;

/** What an observer knows of a lease's owner beside its file. */
export interface Observation {
  fate: ProcessFate;
  /** For how long the file has not changed, on the observer's own monotonic clock; 0 at the first look. */
  unchangedMs: number;
}

/** "watch": look again later. "dead": the owner is known not to come back, or counts as such. */
export type Verdict = "free" | "held" | "dead" | "watch";

/** The verdict on a lease; `undefined` for a file that is empty or unreadable. */
export function judge(
  lease: Lease | undefined,
  seen: Observation,
  limits: { silenceMs?: number } = {},
): Verdict {
  if (!lease) return seen.unchangedMs >= halfWrittenMs ? "dead" : "watch";
  if (lease.released) return "free";
  if (seen.fate === "dead") return "dead";
  if (seen.fate === "alive") return "held";
  return seen.unchangedMs >= (limits.silenceMs ?? silenceMs) ? "dead" : "watch";
}
