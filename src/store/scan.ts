import type { LogRecord } from "../session/event.ts";
import type { Damage, LogVisitor, ReadOptions, ReadReport } from "../store.ts";
import { typeMarks } from "./head.ts";
import { decodeVerified, newline } from "./line.ts";
import { LogReader, type Position } from "./reader.ts";
import { readFully, type LogSource } from "./source.ts";
import { findCheckpoint } from "./tail.ts";

const blockBytes = 2 ** 20;
/** More bytes than any first line has. */
const headBytes = 2 ** 16;
/** Longer lines are not held in memory but passed over; the longest item that a provider takes is far shorter. */
const longestLine = 256 * 2 ** 20;

/** What came of reading a log, with what a new owner needs to go on. */
export interface ScanReport extends ReadReport {
  /** The highest lease that wrote to it. */
  fence: number;
  /** Length up to the last newline, or up to the end where what follows it can be read. */
  whole: number;
  delivered: number;
}

/** Reads a log into the visitor by the rules of `LogReader`. Throws `schema-newer`, and what the source throws. */
export async function readLog(
  log: LogSource,
  visitor: LogVisitor,
  options: ReadOptions = {},
): Promise<ScanReport> {
  if (options.from === "window") {
    const report = await readWindow(log, visitor);
    if (report) return report;
  }
  const reader = new LogReader(log.path, visitor);
  const whole = await feed(reader, log, 0, options.onBytes);
  if (reader.delivered === 0 && log.size > 0) {
    const why = "no line of it is an event of a session";
    return {
      ...reportOf(reader, log.size, whole),
      damage: [{ kind: "foreign", from: 0, to: log.size, line: 1, why }],
    };
  }
  return reportOf(reader, log.size, whole);
}

/** Reads what follows `from` (where a line begins), going on from what is known of the log there. */
export async function readRest(
  log: LogSource,
  from: number,
  visitor: LogVisitor,
  start: Position = { lastSeq: -1, fence: 0 },
): Promise<ScanReport> {
  const reader = new LogReader(log.path, visitor, start);
  return reportOf(reader, log.size, await feed(reader, log, from));
}

/** Half of a log's lines: what they say a checkpoint says too, but for which calls that are open were started. */
const inCheckpoint = typeMarks("step-ended", "turn-started");
const starts = typeMarks("tool-started");

/**
 * From the last checkpoint on. Lines up to the checkpoint's own are held back until it is reached: only then it is certain that no
 * higher lease had been taken before it was written. Where that isn't certain, `undefined`: then the whole log is read. What the
 * checkpoint tells is let go of at once: it is half of the lines, and most of what the collector would have to copy.
 */
async function readWindow(log: LogSource, visitor: LogVisitor): Promise<ScanReport | undefined> {
  const end = await findCheckpoint(log);
  if (!end) return undefined;
  const { offset: windowFrom, openCalls, summarySeq, schema, facts = 0 } = end.event.checkpoint;
  const open = new Set(openCalls);
  let held: LogRecord[] | undefined = [];
  const collect = {
    record(record: LogRecord): void {
      if (!held) return visitor.record(record);
      if (record.offset < end.offset) {
        const { event, body } = record;
        if (body || (event.type === "tool-started" && open.has(event.callSeq))) held.push(record);
        return;
      }
      held.push(record);
      if (record.offset > end.offset) throw new Uncertain();
      // Without its summary the window would be a session that has forgotten what came before: then all of that is read.
      if (summarySeq !== undefined && !held.some(({ event }) => event.seq === summarySeq))
        throw new Uncertain();
      visitor.checkpoint?.(end);
      for (const each of held) visitor.record(each);
      held = undefined;
    },
  };
  const types = open.size === 0 ? [...inCheckpoint, ...starts] : inCheckpoint;
  const brief = { before: end.offset, types };
  const reader = new LogReader(log.path, collect, { lastSeq: -1, fence: 0, schema, facts, brief });
  try {
    const whole = await feed(reader, log, windowFrom);
    if (held) return undefined;
    const report = reportOf(reader, log.size, whole);
    return { ...report, damage: [...(await headDamage(log, windowFrom)), ...report.damage] };
  } catch (error) {
    if (error instanceof Uncertain) return undefined;
    throw error;
  }
}

class Uncertain extends Error {}

/** The first line is looked at whenever a log is opened: everything else before the window can wait for a whole read, but not whose it is. */
async function headDamage(log: LogSource, windowFrom: number): Promise<Damage[]> {
  if (windowFrom === 0) return [];
  const head = Buffer.alloc(Math.min(headBytes, log.size));
  const length = await readFully(log.bytes, head, 0);
  const end = head.subarray(0, length).indexOf(newline);
  const first = end >= 0 ? decodeVerified(head, 0, end) : undefined;
  if (first?.event["seq"] === 0) return [];
  const why = first
    ? "what the first line said is missing; it is known from a later one"
    : "the first line is not as it was written; what it said is known from a later one";
  return [{ kind: "unreadable", from: 0, to: end < 0 ? length : end, line: 1, why }];
}

function reportOf(reader: LogReader, bytes: number, whole: number): ScanReport {
  const { damage, fence, delivered } = reader;
  return { bytes, nextSeq: reader.lastSeq + 1, damage, fence, whole, delivered };
}

/** Returns the length up to which the log is whole lines. The next block is read while the lines of one are looked at. */
async function feed(
  reader: LogReader,
  log: LogSource,
  from: number,
  onBytes?: ReadOptions["onBytes"],
): Promise<number> {
  const blockLength = Math.min(blockBytes, log.size - from);
  const blocks = [Buffer.allocUnsafeSlow(blockLength), Buffer.allocUnsafeSlow(blockLength)];
  const lines = new Lines(reader, from);
  const load = (turn: number, at: number): Promise<number> =>
    readFully(log.bytes, blocks[turn % 2]!.subarray(0, Math.min(blockLength, log.size - at)), at);
  let loading = load(0, from);
  let told = 0;
  try {
    for (let turn = 0, at = from; at < log.size; turn++) {
      const length = await loading;
      if (length === 0) break;
      loading = load(turn + 1, at + length);
      lines.take(blocks[turn % 2]!, length, at);
      at += length;
      if (onBytes && (at - told >= 8 * blockBytes || at >= log.size)) onBytes((told = at), log.size);
    }
  } finally {
    // Nothing may still be reading when the caller closes the file.
    await Promise.allSettled([loading]);
  }
  return lines.finish();
}

/** Cuts blocks into lines. A line that goes on in the next block is put together; no other line is copied. */
class Lines {
  readonly #reader: LogReader;
  #carried: Buffer[] = [];
  #carriedBytes = 0;
  /** Where the current line begins in the log. */
  #lineAt: number;

  constructor(reader: LogReader, at: number) {
    this.#reader = reader;
    this.#lineAt = at;
  }

  /** The next `length` bytes, which stand at `at` in the log. */
  take(block: Buffer, length: number, at: number): void {
    let start = 0;
    for (let end = block.indexOf(newline); end >= 0 && end < length; end = block.indexOf(newline, start)) {
      if (this.#carriedBytes === 0) this.#reader.take(block, start, end, at);
      else this.#takeCarried(block.subarray(0, end), false);
      start = end + 1;
      this.#lineAt = at + start;
    }
    if (start < length) this.#carry(block.subarray(start, length));
  }

  /** Returns the length up to which the log is whole lines, or one that lacks nothing but its newline. */
  finish(): number {
    const { length, counted } =
      this.#carriedBytes > 0 ? this.#takeCarried(Buffer.alloc(0), true) : { length: 0, counted: false };
    this.#reader.finish();
    return counted ? this.#lineAt + length : this.#lineAt;
  }

  #carry(bytes: Buffer): void {
    this.#carriedBytes += bytes.length;
    if (this.#carriedBytes <= longestLine) this.#carried.push(Buffer.from(bytes));
    else this.#carried = [];
  }

  #takeCarried(rest: Buffer, last: boolean): { length: number; counted: boolean } {
    const length = this.#carriedBytes + rest.length;
    let counted = false;
    if (length > longestLine) this.#reader.skip(this.#lineAt, this.#lineAt + length);
    else counted = this.#reader.take(Buffer.concat([...this.#carried, rest]), 0, length, this.#lineAt, last);
    this.#carried = [];
    this.#carriedBytes = 0;
    return { length, counted };
  }
}
