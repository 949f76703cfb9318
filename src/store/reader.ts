import { Failure } from "../failure.ts";
import type { JsonObject } from "../lib/json.ts";
import { schemaVersion, type LogRecord, type SessionEvent } from "../session/event.ts";
import { factsVersion } from "../session/facts.ts";
import { declaredSchema, upcast } from "../session/upcast.ts";
import type { Damage, LogVisitor } from "../store.ts";
import type { TypeMarks } from "./head.ts";
import { decodeAltered, decodeVerified, describeFurther, lineHead, type DecodedLine } from "./line.ts";

/** A damaged line that falls into more pieces than this (a file in UTF-16, say) is no line with some damage any more. */
const mostPieces = 256;

/** A record whose line has no valid checksum. It waits for the next line that has one, which tells whether its number can be true. */
interface Waiting {
  record: LogRecord;
  to: number;
  line: number;
  /** How many lines without a valid checksum there have been since the last one with, this one included. */
  since: number;
}

/** Where the reading stands; a reader of the rest of a log begins with it. */
export interface Position {
  lastSeq: number;
  fence: number;
  /** The schema in which the log is written there; the current one if absent. */
  schema?: number;
  /** What its writer knew of items (`factsVersion`); nothing if absent. */
  facts?: number;
  /** Up to this offset events of these types are delivered with number, lease and type only. */
  brief?: { before: number; types: TypeMarks };
}

/**
 * The reader's rules (architecture.md "A session is a folder"), fed line by line in order. It delivers to the visitor what counts and
 * names everything else in `damage`.
 */
export class LogReader {
  readonly damage: Damage[] = [];
  lastSeq: number;
  /** The highest fence so far. */
  fence: number;
  delivered = 0;

  readonly #path: string;
  readonly #visitor: LogVisitor;
  readonly #fromStart: boolean;
  readonly #brief: Position["brief"];
  #schema: number;
  #facts: number;
  #line = 0;
  #waiting: Waiting[] = [];
  #unverified = 0;
  /**
   * When each event was written, from the first one's number on, 0 where that isn't known: two of one number and of different times are of
   * two logs.
   */
  readonly #times: number[] = [];
  #firstSeq = Infinity;
  /** The lease that came too late last. Its owner wrote nothing more, so that more lines of that lease are of another copy of the log. */
  #lateFence = -1;
  /** Where the line ends that was delivered last. */
  #deliveredTo = 0;
  /** Where the last bytes end that can't be read. Numbers that are missing where such bytes stand are theirs. */
  #lostTo = 0;

  constructor(path: string, visitor: LogVisitor, start?: Position) {
    this.#path = path;
    this.#visitor = visitor;
    this.#fromStart = start === undefined;
    this.lastSeq = start?.lastSeq ?? -1;
    this.fence = start?.fence ?? 0;
    this.#schema = start?.schema ?? schemaVersion;
    this.#facts = start?.facts ?? 0;
    this.#brief = start?.brief;
  }

  /**
   * The line in `bytes[from, to)`, whose first byte stands at `base + from` in the log. `last` is set for what follows the last
   * newline. Returns whether any of it counts or could count.
   */
  take(bytes: Buffer, from: number, to: number, base: number, last = false): boolean {
    this.#line++;
    if (from === to) return false;
    const brief = this.#brief && base + from < this.#brief.before ? this.#brief.types : undefined;
    const decoded = decodeVerified(bytes, from, to, brief);
    if (!decoded)
      return this.#salvage(bytes.subarray(from, to), base + from, last ? "torn-tail" : "unreadable");
    this.#count(decoded, bytes, base, from, to);
    return true;
  }

  /** A line too long to be held. */
  skip(from: number, to: number): void {
    this.#line++;
    this.#report("unreadable", from, to, "the line is longer than any that a writer makes");
  }

  /** To be called after the last line. */
  finish(): void {
    for (const waiting of this.#waiting) {
      if (waiting.record.event.seq <= this.lastSeq + waiting.since) this.#settle(waiting, Infinity, Infinity);
      else this.#reject(waiting);
    }
    this.#waiting = [];
  }

  #count(decoded: DecodedLine, bytes: Buffer, base: number, from: number, to: number): void {
    const { seq, fence, at, type } = decoded.event as unknown as SessionEvent;
    this.#checkSchema(decoded.event);
    if (fence < this.fence) {
      if (type === "lease-taken") this.#lateFence = fence;
      const why = `written under lease ${fence} after lease ${this.fence} had been taken`;
      if (type !== "lease-taken" && fence === this.#lateFence)
        this.#report("parted", base + from, base + to, partedWords(seq));
      else this.#report("stale-fence", base + from, base + to, why);
      return;
    }
    if (seq <= this.lastSeq) {
      this.fence = fence;
      // A new owner's own first line may come too late for its number, and is written again.
      const known = type === "lease-taken" ? 0 : (this.#times[seq - this.#firstSeq] ?? 0);
      if (known > 0 && at !== undefined && known !== at)
        this.#report("parted", base + from, base + to, partedWords(seq));
      else
        this.#report("repeated", base + from, base + to, `event ${seq} again, after event ${this.lastSeq}`);
      return;
    }
    if (this.#waiting.length > 0) {
      for (const waiting of this.#waiting) this.#settle(waiting, seq, fence);
      this.#waiting = [];
    }
    this.#unverified = 0;
    if (this.#facts < factsVersion) describeFurther(decoded, bytes);
    this.#deliver(this.#recordOf(decoded, base, from), to + base);
  }

  /** Looks for lines in one that isn't: after NULs that a power failure left, or joined by a newline that was lost. */
  #salvage(line: Buffer, base: number, otherwise: Damage["kind"]): boolean {
    let found = false;
    let pieces = 0;
    for (let at = 0, head = 0; at < line.length; pieces++) {
      if (line[at] === 0) {
        const start = at;
        while (line[at] === 0) at++;
        this.#report("nul-block", base + start, base + at, `${at - start} NUL bytes`);
        continue;
      }
      if (head >= 0 && head <= at) head = line.indexOf(lineHead, at + 1);
      const nul = pieces < mostPieces ? line.indexOf(0, at) : -1;
      const stops = [nul, pieces < mostPieces ? head : -1].filter((stop) => stop >= 0);
      const end = Math.min(line.length, ...stops);
      if (this.#salvagePiece(line.subarray(at, end), base + at, otherwise)) found = true;
      at = end;
    }
    return found;
  }

  #salvagePiece(piece: Buffer, base: number, otherwise: Damage["kind"]): boolean {
    const end = piece.lastIndexOf(0x7d) + 1;
    const decoded = decodeVerified(piece, 0, end);
    if (decoded) this.#count(decoded, piece, base, 0, end);
    if (decoded || this.#await(piece.subarray(0, end), base)) {
      if (end < piece.length)
        this.#report(otherwise, base + end, base + piece.length, "bytes after the end of an event");
      return true;
    }
    this.#unverified++;
    const why =
      otherwise === "torn-tail"
        ? "the last line was not written to its end"
        : "neither an event nor part of one";
    this.#report(otherwise, base, base + piece.length, why);
    return false;
  }

  #await(piece: Buffer, base: number): boolean {
    const decoded = decodeAltered(piece);
    if (!decoded) return false;
    if (!piece.subarray(0, lineHead.length).equals(lineHead)) this.#checkSchema(decoded.event);
    this.#unverified++;
    const record = this.#recordOf(decoded, base, 0);
    this.#waiting.push({ record, to: base + piece.length, line: this.#line, since: this.#unverified });
    return true;
  }

  #settle(waiting: Waiting, beforeSeq: number, upToFence: number): void {
    const { seq, fence } = waiting.record.event;
    if (seq <= this.lastSeq || seq >= beforeSeq || fence < this.fence || fence > upToFence)
      return this.#reject(waiting);
    const { offset } = waiting.record;
    this.#report(
      "altered",
      offset,
      waiting.to,
      "its checksum doesn't hold; it reads as an event and is taken as it is",
      waiting.line,
    );
    this.#deliver({ ...waiting.record, altered: true }, waiting.to, waiting.line);
  }

  #reject({ record, to, line }: Waiting): void {
    const why = `its checksum doesn't hold, and event ${record.event.seq} of lease ${record.event.fence} can't stand here`;
    this.#report("unreadable", record.offset, to, why, line);
  }

  #recordOf({ event, itemStart, itemLength }: DecodedLine, base: number, from: number): LogRecord {
    const current = this.#schema < schemaVersion ? upcast(event, this.#schema) : event;
    const known = current as unknown as SessionEvent;
    if (itemLength === 0) return { event: known, offset: base + from };
    return { event: known, offset: base + from, body: { offset: base + itemStart, length: itemLength } };
  }

  #deliver(record: LogRecord, to: number, line = this.#line): void {
    const { event, offset } = record;
    if (
      this.delivered === 0 &&
      this.#fromStart &&
      event.type !== "session-created" &&
      this.damage.length === 0
    ) {
      this.#report(
        "unreadable",
        0,
        to,
        `the log begins with event ${event.seq} (${event.type}); what stood before it is missing`,
      );
    }
    if (this.delivered > 0 && event.seq > this.lastSeq + 1 && this.#lostTo <= this.#deliveredTo)
      this.#report("missing", offset, offset, missingWords(this.lastSeq + 1, event.seq - 1), line);
    this.delivered++;
    this.#deliveredTo = to;
    this.#firstSeq = Math.min(this.#firstSeq, event.seq);
    this.#times[event.seq - this.#firstSeq] = event.at ?? 0;
    this.lastSeq = event.seq;
    this.fence = event.fence;
    this.#visitor.record(record);
  }

  #checkSchema(event: JsonObject): void {
    const found = declaredSchema(event);
    if (found === undefined) return;
    if (found > schemaVersion) throw schemaNewer(this.#path, found);
    if (event["type"] === "turn-ended") return;
    this.#schema = found;
    this.#facts = typeof event["facts"] === "number" ? event["facts"] : 0;
  }

  /** Neighbours of one kind become one entry, so that a megabyte of garbage is one line for the reader. */
  #report(kind: Damage["kind"], from: number, to: number, why: string, line = this.#line): void {
    if (kind === "unreadable" || kind === "nul-block") this.#lostTo = Math.max(this.#lostTo, to);
    const previous = this.damage.at(-1);
    const isOneKind =
      kind === "repeated" || kind === "parted" || (kind === "unreadable" && previous?.why === why);
    if (isOneKind && previous?.kind === kind && from - previous.to <= 1) {
      previous.to = to;
      return;
    }
    this.damage.push(this.#fromStart ? { kind, from, to, line, why } : { kind, from, to, why });
  }
}

/** A writer leaves no number out, so that somebody else has taken lines out of the log: an editor, a merge, a tool that syncs. */
function missingWords(first: number, last: number): string {
  const which = first === last ? `event ${first} is` : `events ${first} to ${last} are`;
  return `${which} missing: whole lines were taken out of the log`;
}

/** Two logs that went on apart from one another were put together, as git's union merge does: the first one's lines count. */
function partedWords(seq: number): string {
  return `from event ${seq} on these are another copy's lines, which had gone on apart: what it did is not used`;
}

/** The failure for a log of a newer version, which is left untouched. */
export function schemaNewer(path: string, found: number): Failure<"schema-newer"> {
  const message =
    `${path} was written by a newer version of Throughline (schema ${found}, this version reads up to ${schemaVersion}); ` +
    "nothing was changed. Update Throughline (in its clone: git pull && npm ci), then try again";
  return new Failure("schema-newer", message, { found, supported: schemaVersion });
}
