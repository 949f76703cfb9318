import { isUtf8 } from "node:buffer";
import { isJsonObject, parseJson, stringOf } from "../../../lib/json.ts";
import { Bounded } from "./bounded.ts";
import type { BadLine, Examination } from "./examination.ts";
import { type ReadAt, readerOf } from "../../../lib/file-bytes.ts";
import { glance } from "../rollout/record/glance.ts";
import { recordOfHead } from "../rollout/record/long-line.ts";
import { headerOfRecord, readHeader, type RolloutHeader } from "../rollout/record/header.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { flawOf, lookThrough } from "./long-line.ts";
import { isCopiedHeader, isWholeHeader } from "../rollout/record/whole-header.ts";
import { isAltered } from "./misnamed-messages.ts";
import { beginsWithRecord, isOfCodex } from "../rollout/record/of-codex.ts";
import { readRolloutName } from "../home/places.ts";
import { asRecord, readRecord, type RolloutRecord } from "../rollout/record/record.ts";
import { lineSkim } from "./skim.ts";
import { loneSurrogates } from "../rollout/bytes/surrogates.ts";
import { watched, type WatchedRecord } from "./watched-record.ts";
import { Watches } from "./watches.ts";
import { isBlank, startsWithBrace } from "../rollout/bytes/white-space.ts";

const mostBad = 200_000;
const openBrace = 0x7b;

/** Whether the first line behind the header that can be read has an ordinal. */
function isNumbered(lines: readonly RolloutLine[]): boolean {
  for (const { bytes } of lines.slice(1, 10)) {
    const glanced = glance(bytes);
    if (glanced) return glanced.ordinal !== undefined;
  }
  return false;
}

/** Whether a record is a header, also where a letter of that was altered. */
export const isHeaderType = (type: string): boolean =>
  type === "session_meta" || isAltered(type, ["session_meta"]);

/** Takes the lines of a rollout, batch by batch, and holds what is found. */
export class Examiner {
  readonly #path: string;
  /** The thread's id, by the file's name. */
  readonly #thread: string | undefined;
  /** Reads the file at an offset; none for a compressed file. */
  readonly #read: ReadAt | undefined;
  readonly #watches: Watches;
  readonly #bad = new Bounded<BadLine>(mostBad);
  readonly #untimed = new Bounded<Span>(mostBad);
  readonly #long = new Bounded<Span>(1_000);
  readonly #laterHeaders = new Bounded<Span>(8);
  readonly #headersAgain = new Bounded<Span>(10_000);
  #head: Examination["head"] | undefined;
  #header: RolloutHeader | undefined;
  #firstOrdinal: number | undefined;
  #first: Span | undefined;
  #tail: Examination["tail"];
  /** Whether the lines behind the first one have ordinals, as far as the first batch shows it. */
  #isNumbered = false;
  #records = 0;
  #ofCodex = false;
  #end = 0;
  #returns = 0;
  bytes = 0;
  broken: string | undefined;
  /** What to add to an offset in the file to get one in the bytes of this batch. */
  #origin = 0;

  /** `named`: the path of the rollout, where this one is that of a copy. */
  constructor(path: string, fd: number | undefined, named: string) {
    this.#path = path;
    this.#thread = readRolloutName(named)?.thread;
    this.#read = fd === undefined ? undefined : readerOf(fd);
    this.#watches = new Watches(this.#read ?? (() => Buffer.alloc(0)));
  }

  /** Whether a line was seen, and the first one is no header. */
  get isHeadless(): boolean {
    return this.#head !== undefined && this.#head !== "whole" && this.#head !== "byte-order-mark";
  }

  /** Counts lines that are not examined. */
  pass(lines: readonly RolloutLine[]): void {
    const last = lines.at(-1);
    if (last) this.bytes = last.offset + last.length + last.ending.length;
  }

  batch(lines: readonly RolloutLine[]): void {
    const [first, last] = [lines[0], lines.at(-1)];
    if (!first || !last) return;
    // The lines of a batch lie side by side in memory.
    const start = first.bytes.byteOffset;
    const end = last.bytes.byteOffset + last.bytes.length;
    lineSkim.over(Buffer.from(first.bytes.buffer, start, end - start));
    this.#origin = last.bytes.byteOffset - last.offset - start;
    if (this.#head === undefined) this.#isNumbered = isNumbered(lines);
    for (const line of lines) this.#line(line);
    lineSkim.release();
  }

  #line(line: RolloutLine): void {
    this.bytes = line.offset + line.length + line.ending.length;
    if (line.ending === "\r\n") this.#returns++;
    if (!line.whole) {
      const flaw = this.#read && flawOf(lookThrough(spanOf(line), this.#read));
      if (flaw === "blank") return this.#watches.blank(line);
      if (flaw !== undefined) return this.#unreadable(line, flaw);
      if (line.ending === "") this.#tail = { ...spanOf(line), is: "whole" };
      this.#long.add(spanOf(line));
      if (this.#head === undefined) this.#headless(line, "broken");
      else this.#headOnly(line);
      return;
    }
    const skimmed = this.#head === undefined ? undefined : this.#skimLine(line);
    if (!skimmed) return this.#parsed(line);
    if (!this.#isText(line, lineSkim.isBeyondAscii, lineSkim.hasSurrogates)) return;
    this.#record(skimmed, line);
  }

  /** Reads a line without parsing it, which is enough for most. */
  #skimLine({ offset, length }: RolloutLine): WatchedRecord | undefined {
    const start = this.#origin + offset;
    return lineSkim.read(start, start + length);
  }

  #parsed(line: RolloutLine): void {
    const { bytes } = line;
    let isObject = bytes[0] === openBrace;
    if (!isObject) {
      if (isBlank(bytes)) return this.#watches.blank(line);
      if (this.#head === undefined && this.#odd(line)) return;
      isObject = startsWithBrace(bytes);
    }
    const isFirst = this.#head === undefined;
    // As Latin-1: half again as fast as decoding UTF-8, and all that decides here (types, ids, seals) is ASCII. Of a header, which may be
    // long, the words count too.
    const encoding = isFirst && glance(bytes)?.type === "session_meta" ? "utf8" : "latin1";
    const value = isObject ? parseJson(bytes.toString(encoding)) : undefined;
    if (!isJsonObject(value)) return this.#unreadable(line, "json");
    if (!this.#isText(line, true, true)) return;
    const record = asRecord(value);
    if (isFirst) this.#begin(record, line, encoding);
    this.#record(watched(record, value["timestamp"]), line, isFirst);
  }

  /** Whether Codex, too, takes the line's strings for text; it is noted where not. */
  #isText(line: RolloutLine, isBeyondAscii: boolean, mayHaveSurrogates: boolean): boolean {
    const isUnicode = !isBeyondAscii || isUtf8(line.bytes);
    if (!isUnicode) this.#unreadable(line, "utf8");
    else if (mayHaveSurrogates && loneSurrogates(line.bytes).length > 0) this.#unreadable(line, "surrogate");
    else {
      if (line.ending === "") this.#tail = { ...spanOf(line), is: "whole" };
      return true;
    }
    return false;
  }

  #record(record: WatchedRecord, line: RolloutLine, isFirst = false): void {
    this.#records++;
    this.#end = this.bytes;
    this.#ofCodex ||= isOfCodex(record);
    if (!record.isTimed && !isFirst) this.#untimed.add(spanOf(line));
    if (this.#watches.see(record, line) && record.type === "session_meta" && !isFirst)
      this.#laterHeader(record.payload["id"], line);
  }

  #laterHeader(id: unknown, line: RolloutLine): void {
    const isOwn = stringOf(id).toLowerCase() === this.#header?.id;
    if (this.#header === undefined || isOwn) this.#laterHeaders.add(spanOf(line));
    // The second line of a fork is its parent's.
    if (line.index > 1 && typeof id === "string") this.#headersAgain.add(spanOf(line));
  }

  /** A line too long to be parsed here, which Codex reads. */
  #headOnly(line: RolloutLine): void {
    const head = recordOfHead(line.bytes);
    if (head === undefined) return;
    const record = watched(head);
    this.#records++;
    this.#ofCodex ||= isOfCodex(record);
    this.#end = this.bytes;
    this.#watches.seeHead(record, line);
  }

  #begin(record: RolloutRecord, line: RolloutLine, encoding: "utf8" | "latin1"): void {
    const isCopied = record.type === "session_meta" && isCopiedHeader(record, this.#thread);
    const isHeader = record.type === "session_meta" && isWholeHeader(record, this.#isNumbered) && !isCopied;
    if (!isHeader) {
      const { session, items } = record.payload;
      const isDocument = isJsonObject(session) && Array.isArray(items);
      const isBroken = isHeaderType(record.type) && !isCopied;
      return this.#headless(line, isDocument ? "document" : isBroken ? "broken" : "missing");
    }
    this.#head = "whole";
    this.#first = spanOf(line);
    const read = encoding === "utf8" ? record : readRecord(line);
    this.#header = read.readable ? readHeader(read.payload) : undefined;
    this.#firstOrdinal = record.ordinal;
    this.#watches.begin(this.#header);
  }

  /** Handles a first line that begins with a byte order mark, or is git-lfs's pointer; whether it is one of these. */
  #odd(line: RolloutLine): boolean {
    const read = readRecord(line);
    if (read.readable && read.flaw === "bom") {
      this.#headless(line, "byte-order-mark");
      this.#header = headerOfRecord(read);
      this.#watches.begin(this.#header);
      this.#records++;
      this.#ofCodex = true;
      return true;
    }
    if (read.readable || read.why !== "git-lfs") return false;
    this.#headless(line, "git-lfs");
    return true;
  }

  /** Notes a first line that isn't a header as it stands. */
  #headless(line: RolloutLine, head: Exclude<Examination["head"], "whole">): void {
    this.#head = head;
    this.#first = spanOf(line);
  }

  #unreadable(line: RolloutLine, why: BadLine["why"]): void {
    this.#watches.unreadable(line);
    this.#ofCodex ||= beginsWithRecord(line.bytes);
    if (line.ending === "" && why === "json") {
      this.#tail = { ...spanOf(line), is: line.bytes.every((byte) => byte === 0) ? "nul" : "torn" };
    } else {
      this.#bad.add({ ...spanOf(line), why });
      if (line.ending === "") this.#tail = { ...spanOf(line), is: "whole" };
    }
    if (this.#head !== undefined) return;
    const isOpening = line.bytes.length < 8 && line.bytes.toString("latin1").trim() === "{";
    this.#headless(line, isOpening || this.#path.endsWith(".json") ? "document" : "broken");
  }

  result(): Examination {
    // An old document has no record on a line of its own: of this file only the first line is destroyed.
    const isInLines = this.#head === "document" && this.#ofCodex && !this.#path.endsWith(".json");
    return {
      path: this.#path,
      bytes: this.bytes,
      records: this.#records,
      ofCodex: this.#ofCodex,
      end: this.#end,
      header: this.#header,
      firstOrdinal: this.#firstOrdinal,
      head: isInLines ? "broken" : (this.#head ?? "missing"),
      first: this.#first,
      laterHeaders: this.#laterHeaders.items,
      headersAgain: this.#headersAgain,
      bad: this.#bad,
      untimed: this.#untimed,
      tail: this.#tail,
      long: this.#long,
      carriageReturns: this.#returns,
      ...this.#watches.found(),
      broken: this.broken,
    };
  }
}
