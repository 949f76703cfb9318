import type { BodyRef, EventOf, LogRecord, NewEvent, Owner } from "./session/event.ts";
import type { FollowUpMode } from "./session/follow-up.ts";
import type { Place } from "./session/place.ts";
import type { SessionSummary } from "./session/summary.ts";

/** A line, or a run of bytes, that is not as a writer left it. Nothing of it is ever thrown away; of all kinds only "altered" is used. */
export interface Damage {
  kind:
    /** The last line was not written to its end. */
    | "torn-tail"
    /** Neither an event nor part of one. */
    | "unreadable"
    /** NUL bytes, as a power failure leaves them. */
    | "nul-block"
    /** Its checksum doesn't hold, but it reads as an event, and its number fits. */
    | "altered"
    /** Written under a lease after a higher one had been taken. */
    | "stale-fence"
    /** An event whose number has gone before it. */
    | "repeated"
    /** An event of another copy of the session, under a number that an own one has. */
    | "parted"
    /** The whole file: no line of it is an event of a session. */
    | "foreign"
    /** Events that should stand here, by their numbers, and don't. */
    | "missing";
  /** Byte range in the log (or, for a torn tail that was set aside, in `log.torn`), end exclusive. */
  from: number;
  to: number;
  /** One-based number of the line. Absent where the reader did not begin at the start of the log. */
  line?: number;
  why: string;
}

/** What came of reading a log. */
export interface ReadReport {
  /** Length of the log in bytes as far as it was read. */
  bytes: number;
  /** Sequence number that the next event gets. */
  nextSeq: number;
  damage: Damage[];
}

/**
 * Receives a log in order. With `from: "window"`, `checkpoint` is called first with the last `turn-ended` that counts, then `record` for
 * the lines from the window's offset on. Of those before that `turn-ended` it gets what the checkpoint doesn't tell: lines with items, and
 * the `tool-started` of calls that were open; that `turn-ended` it gets too, in its place. Where there is no such line, and with
 * `from: "start"`, only `record` is called, from the first line on.
 */
export interface LogVisitor {
  checkpoint?(record: LogRecord<EventOf<"turn-ended">>): void;
  record(record: LogRecord): void;
}

/** How a log is read. */
export interface ReadOptions {
  /** All of it ("start", the default), or only what can still be sent. */
  from?: "start" | "window";
  /** For `from: "start"`: called about every 8 MiB, for progress bars. */
  onBytes?(read: number, total: number): void;
}

/** An event to append; `item` is given for `item-added` and `history-compacted` and for no other. */
export interface Append {
  event: NewEvent;
  item?: Uint8Array;
  /** When it happened (milliseconds since 1970), for what is brought in from elsewhere; otherwise it is the time of writing. */
  at?: number;
  /** The item's bytes have just been parsed or written by whoever gives them: they are a JSON object in UTF-8, and need no second look. */
  sound?: true;
}

/**
 * A session that this process owns. Appends are durable when they resolve, in the order in which they were asked for; what is asked for
 * while a write is under way may share the next one. An append that is not the highest lease's any more, or whose folder is gone, is
 * refused with `lease-lost` or `session-removed` and was never acknowledged; after that every append is refused. An event that
 * `sessionEvent` doesn't allow, and an item that is no JSON object or that its event doesn't take, are the caller's mistake: they are
 * refused with a `TypeError`, and nothing of that append is written.
 */
export interface SessionLog {
  readonly id: string;
  /** The number of its lease, which every event that it appends carries. */
  readonly fence: number;
  /** What the reader found when the session was opened. */
  readonly report: ReadReport;
  /** All of them or, after a crash, the first ones: resolves, when they are durable, to the lines that they became. */
  append(...events: Append[]): Promise<LogRecord[]>;
  /**
   * The items' bytes, one buffer or more each, in the order asked for. Reads whole blocks where refs lie close together, and gives what
   * one read brought at once: waiting for each of 100,000 items would cost more than reading them. The buffers are valid until the
   * next batch is asked for.
   */
  bodies(refs: readonly BodyRef[]): AsyncIterable<readonly Uint8Array[]>;
  /** One item's bytes, which are the caller's. */
  body(ref: BodyRef): Promise<Uint8Array>;
  /** The folder for the traces of the call whose item has this sequence number. */
  spool(callSeq: number): string;
  /** What the owner is doing, for those who find the session in use. */
  doing(what: string): void;
  /**
   * Aborts when the lease is lost or given back; the reason is the `lease-lost` or `session-removed` failure. Whoever follows a tool for
   * this owner lets go of it then.
   */
  readonly lost: AbortSignal;
  /** Keeps the catalogue's row; never fails, never waits for it. */
  describe(summary: SessionSummary): void;
  /** Gives the lease back once what was appended is durable. */
  release(): Promise<void>;
}

/** Follow-ups are accepted work (R31): durable when `queue` resolves, put there by any process, delivered in the order of their ids. */
export interface FollowUp {
  /** UUID version 7; one sender's rise (`risingIds`). */
  id: string;
  /** Milliseconds since 1970. */
  at: number;
  /** What the person said. */
  text: string;
  /** For a turn of its own, or for the one that runs. */
  mode: FollowUpMode;
}

/** A follow-up that waits. */
export interface QueuedFollowUp extends FollowUp {
  /** How often its delivery was begun. */
  begun: number;
}

/** A follow-up that will not be delivered. */
export interface DeadFollowUp extends FollowUp {
  /** Why, in words for the person. */
  why: string;
}

/** A file of the queue that can't be read. */
export interface UnreadableFollowUp {
  /** By the file's name. */
  id: string;
  path: string;
}

/** The session that a rotation makes. */
export interface Successor {
  id: string;
  /** Everything that its log holds to begin with, `session-created` first, in groups of any size. */
  events: AsyncIterable<readonly Append[]>;
  /** As in `Beginning`. */
  visitor?: LogVisitor;
}

/**
 * Where a session's lease stands. "free": nobody holds it, or its owner is known to be dead. `fence`: the highest one that was taken, 0 before
 * the first; another number than before says that somebody has worked in the session.
 */
export type Holder = { state: "free"; fence: number } | { state: "held"; fence: number; owner?: Owner };

/** What a session is made with. */
export interface Beginning {
  /** What follows on its first line, in groups of any size. */
  more?: AsyncIterable<readonly Append[]>;
  /** Is given every record as it is written, as if the session were read from its start; they count when it is made. */
  visitor?: LogVisitor;
}

/** A session in a list. */
export interface ListedSession extends SessionSummary {
  /** Somebody works in it now. */
  holder?: Owner;
  /** Bytes of its log. */
  bytes: number;
  /** What is wrong with it, in one line; the session is listed all the same. */
  trouble?: string;
}

/** What a list is to have, and who is told how it goes on. */
export interface ListQuery {
  /** Only sessions of this folder, of folders above and below it, and of the same repository, its worktrees included. */
  workspace?: Place;
  /** How many sessions of other workspaces there are. `ids`: of all that are not in the list, rotated ones too. */
  onHidden?(sessions: number, ids: readonly string[]): void;
  /** Called now and then while logs are read because nothing is known of them yet. */
  onRead?(read: number, total: number): void;
}

/** Who is told how a search goes on, and what ends it. */
export interface SearchOptions {
  /** Called now and then while logs are read because it isn't known yet what was said in them. */
  onRead?(read: number, total: number): void;
  /** What was read until then is remembered. */
  signal?: AbortSignal;
}

/**
 * Where sessions live. Every method that takes an id throws `session-missing` for an unknown one. Read-only methods work while another
 * process owns the session, and never change a byte.
 */
export interface SessionStore {
  /** The program's version, as logs and leases name it. */
  readonly version: string;
  /**
   * Makes the session, takes its lease and appends `session-created` first, and then what else it begins with: it is there with all of it
   * or not at all. Fails if the id exists.
   */
  create(id: string, created: Append, doing: string, beginning?: Beginning): Promise<SessionLog>;
  /**
   * Takes the lease, appends `lease-taken`, and only then reads the log into `visitor`. Throws `lease-held` (with the owner) when somebody
   * else works in it and `force` isn't set, and `schema-newer` (nothing is written then) when a newer version wrote it.
   */
  acquire(
    id: string,
    visitor: LogVisitor,
    options: ReadOptions & { doing: string; force?: boolean },
  ): Promise<SessionLog>;
  /** Reads the log into `visitor`, also while its owner appends: then up to some line of it. */
  read(id: string, visitor: LogVisitor, options?: ReadOptions): Promise<ReadReport>;
  /** Bytes of items for a reader that doesn't own the session. */
  body(id: string, ref: BodyRef): Promise<Uint8Array>;
  /** As `SessionLog.bodies`. */
  bodies(id: string, refs: readonly BodyRef[]): AsyncIterable<readonly Uint8Array[]>;
  /** Who works in it now. */
  holder(id: string): Promise<Holder>;
  /** Ids whose id begins with `reference` or whose name is `reference`, newest first. For a rotated session its head stands. */
  find(reference: string): Promise<string[]>;
  /** Newest activity first. Of a chain of rotations only the head is listed, and a successor that no log names is not. */
  list(query?: ListQuery): Promise<ListedSession[]>;
  /**
   * Of these sessions (as a list gives them), the ids of those that have every word of the text, whatever its case, as the beginning of
   * their id or anywhere in their name or first prompt, in the messages of the person and of the model, or in what tools were called with. A log
   * that can't be read is searched as far as it can.
   */
  search(
    text: string,
    among: readonly ListedSession[],
    options?: SearchOptions,
  ): Promise<ReadonlySet<string>>;
  /** The session that goes on with this one: the end of its chain of rotations, itself when it wasn't rotated. */
  head(id: string): Promise<string>;
  /**
   * Makes the successor of an owned session: a session of its own, whole and durable before its predecessor's log names it
   * (`session-rotated`, the one point of commit). What is queued for the predecessor is the successor's with that event. Resolves to the
   * successor's log, owned; the predecessor stays owned. When it rejects, the predecessor is as it was.
   */
  rotate(predecessor: SessionLog, successor: Successor, doing: string): Promise<SessionLog>;
  /**
   * Brings back the predecessor of a session that a rotation made: what is queued goes back to it, and its log says so
   * (`rotation-undone`). Both have to be owned. The successor is listed no more; nothing of it is removed. `delivered`: what the
   * successor has delivered, and its predecessor must not deliver again.
   */
  undo(successor: SessionLog, predecessor: SessionLog, delivered: readonly string[]): Promise<void>;
  /**
   * Puts a session whose log can't take an event (damaged, missing, of a newer version) out of lists, or back: they say `archived` of it.
   * A log that can is archived by an event. The log is not touched.
   */
  shelve(id: string, archived: boolean): Promise<void>;
  /** To the head of the session's chain; resolves to its id. */
  queue(id: string, followUp: FollowUp): Promise<string>;
  /**
   * What waits for this session and for those that it continues by rotation, in order. A follow-up is never seen before an older one of its
   * sender.
   */
  queued(id: string): Promise<QueuedFollowUp[]>;
  /** Notes that the delivery begins, so that one that never ends is noticed. False when the follow-up isn't there any more. */
  begin(id: string, followUp: string): Promise<boolean>;
  /** Takes out one that waits, or that lies with the dead. False when there is none: it was delivered or dropped. */
  dequeue(id: string, followUp: string): Promise<boolean>;
  /** Puts it with those that will not be delivered. */
  bury(id: string, followUp: DeadFollowUp): Promise<void>;
  /** Those that will not be delivered, in order; `dequeue` takes one out. */
  buried(id: string): Promise<DeadFollowUp[]>;
  /** What lies in the queue and can't be read. It is kept; `dequeue` takes it out. */
  unreadable(id: string): Promise<UnreadableFollowUp[]>;
  /**
   * Puts these events, in groups of any size, in the place of everything that an owned session's log holds; all else is kept. The new log is
   * whole and durable before it takes the old one's name, and until then the session is as it was, also when this rejects. The owner can
   * only give the session back after that. Throws `lease-lost` when it isn't the owner any more.
   */
  rewrite(log: SessionLog, events: AsyncIterable<readonly Append[]>): Promise<void>;
  /** As `rewrite`, and removes all else that is kept of the session: spool, inbox, what was set aside of its log, its row in the catalogue. */
  scrub(log: SessionLog, events: readonly NewEvent[]): Promise<void>;
  /** Every session that is kept: those that `list` gives, rotated predecessors, and successors that no log names. Newest activity first. */
  everything(): Promise<ListedSession[]>;
  /**
   * Takes the next fence, then removes every byte of the session, then its row in the catalogue. With `sweep: false` the row stays, for
   * whoever removes many, and so may a folder without a name that can't be emptied; lists show neither, and `sweep` is to follow.
   */
  remove(id: string, options?: { force?: boolean; sweep?: boolean }): Promise<void>;
  /**
   * Removes what is left of these sessions, removed or scrubbed, in the catalogue with its full-text index and its write-ahead log, and what
   * is left of removals that were cut off, in folders too. Resolves to what could not be removed, one line each; empty when no byte of them is left.
   */
  sweep(removed?: readonly string[]): Promise<string[]>;
  /** Closes the catalogue. The leases of sessions that are still owned stay with them. */
  close(): Promise<void>;
}
