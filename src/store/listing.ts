import type { Place } from "../session/place.ts";
import type { SessionSummary } from "../session/summary.ts";
import type { LogVisitor, ReadReport } from "../store.ts";
import type { Link } from "./chain.ts";

/** What a catalogue remembers of a session: true for a log of exactly `bytes` bytes. */
export interface ListingRow {
  summary: SessionSummary;
  bytes: number;
  /** A writer was at work when the row was written. */
  running: boolean;
}

/** A row as it is read: what tells whether a session is wanted, and the rest when it is asked for. */
export interface KnownRow {
  bytes: number;
  running: boolean;
  place: Place;
  link: Link;
  /** Read when it is called; `undefined` when it can't be. */
  summary(): SessionSummary | undefined;
}

/**
 * A cache of summaries for lists and search. It can be wrong, late, locked or gone at any time: whoever asks compares with the folders,
 * and nobody waits for it to be written. No method throws.
 */
export interface Listing {
  /** Rows by session id; empty when they can't be read. */
  rows(): Map<string, KnownRow>;
  /** Written soon, in the background. */
  put(row: ListingRow): void;
  /** Marks the row before the first append and after the last one. */
  mark(id: string, running: boolean): void;
  /** Resolves when no byte of the sessions is left in the cache: false when it can't be written and some may be. */
  remove(ids: readonly string[]): Promise<boolean>;
  /** What was wrong with the cache, and was mended, since it was opened: one line each. */
  readonly troubles: readonly string[];
  close(): Promise<void>;
}

/** Makes a session's summary from its log. `read` reads it into the visitor, from the last window on. */
export type Summarize = (
  id: string,
  read: (visitor: LogVisitor) => Promise<ReadReport>,
) => Promise<SessionSummary>;
