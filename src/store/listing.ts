import type { Place } from "../session/place.ts";
import type { SessionSummary } from "../session/summary.ts";
import type { Link } from "./chain.ts";

/** What a catalogue remembers of a session: true for a log of exactly `bytes` bytes. */
export interface ListingRow {
  summary: SessionSummary;
  bytes: number;
  /** A writer was at work when the row was written. */
  running: boolean;
}

/** A row as it is read. */
export interface KnownRow {
  bytes: number;
  running: boolean;
  /** When the session's inbox had last changed (milliseconds since 1970) as all in it could be read; undefined where nobody has looked. */
  inbox: number | undefined;
  place: Place;
  name: string | undefined;
  link: Link;
  /** Parsed when it is called; `undefined` when it can't be. */
  summary(): SessionSummary | undefined;
}

/** Which sessions are asked for: those of some places, or those whose id begins with `id` or whose name is `name`. */
export type Wanted = { isPlace(place: Place): boolean } | { id: string | undefined; name: string };

/** What was found in the cache. */
export interface KnownRows {
  /** Of all sessions that the cache knows. */
  ids: ReadonlySet<string>;
  /** By session id: those that were asked for, and in any case those that are running or hang together with others. */
  rows: ReadonlyMap<string, KnownRow>;
}

/**
 * A cache of summaries for lists and search. It can be wrong, late, locked or gone at any time: whoever asks compares with the folders,
 * and nobody waits for it to be written. No method throws.
 */
export interface Listing {
  /** Empty when they can't be read. Without `wanted` every session is. */
  rows(wanted?: Wanted): KnownRows;
  /**
   * Written soon, in the background. `isStill` is asked right before: a reader may be late, after the session was removed or scrubbed,
   * and then the row must not come back.
   */
  put(row: ListingRow, isStill?: () => boolean): void;
  /** Marks the row before the first append. */
  markRunning(id: string): void;
  /** Marks the row after the last append, unless it was made from a log of another length: that is another writer's. */
  markIdle(id: string, bytes: number): void;
  /** Resolves when the session's log is read again for the next list, whatever its length. What the row says of it stays until then. */
  markUnread(id: string): Promise<void>;
  /** Remembers that all in the session's inbox could be read, as of its last change. */
  markInbox(id: string, changed: number): void;
  /**
   * For every session whose text the cache holds: the length of the log that it was made from, and which of the words (lower case) it has.
   */
  search(words: readonly string[]): ReadonlyMap<string, { bytes: number; has: readonly boolean[] }>;
  /**
   * The text (lower case) that a search of a log of exactly `bytes` bytes looks at. Written soon, in the background, if the row of the
   * session is of that log still.
   */
  putText(id: string, bytes: number, text: string): void;
  /** Resolves when no byte of the sessions is left in the cache: false when it can't be written and some may be. */
  remove(ids: readonly string[]): Promise<boolean>;
  /** What was wrong with the cache, and was mended, since it was opened: one line each. */
  readonly troubles: readonly string[];
  /** Writes what is waiting to be written, and closes. */
  close(): Promise<void>;
}
