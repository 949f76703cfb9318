import { closeSync, fstatSync, openSync, read, readSync } from "node:fs";
import { promisify } from "node:util";
import { isCompressed, unpacked } from "./compressed.ts";

/** A line of a rollout, as it stands in the file. */
export interface RolloutLine {
  /** From 0. */
  readonly index: number;
  /** Offset of its first byte in the file (in what it unpacks to, for `.jsonl.zst`). */
  readonly offset: number;
  /** Bytes without the ending, also where `bytes` holds only the head. */
  readonly length: number;
  /** Without the ending; a byte order mark is left in place. Valid until the next batch is asked for. */
  readonly bytes: Buffer;
  /** "": the file ends here, torn or without a final newline. */
  readonly ending: "\n" | "\r\n" | "";
  /** False: the line is longer than what is held of one, and `bytes` is its head. */
  readonly whole: boolean;
}

/** Options of those who read lines; each may be left out. */
export interface LineOptions {
  /** Byte offset of the line to begin with. `index` counts from there. */
  readonly from?: number;
  /** The most bytes that are held of one line (default 64 MB): the bound of the reader's memory. */
  readonly longest?: number;
  /** Called when the bytes end before the file does: a compressed file that can't be unpacked further. */
  onBroken?(why: string): void;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
/** Bytes that are read at once, at most. A small file gets a small buffer: ten thousand of them would fill memory again and again. */
const chunk = 2 ** 21;
const leastChunk = 2 ** 14;
/** Of a file of so many bytes it takes longer to hand over a read than to read. */
const smallBytes = 2 ** 17;
const readLater = promisify(read);
/** Lines that are given out at once, at most: a file may be nothing but newlines, and each is an object. */
const mostLines = 2 ** 15;
/** Bytes that are kept of a line that is too long. */
const headBytes = 2 ** 16;

/** The most bytes that are held of one line. Codex itself was seen to go on with an output of 50 MB (0.169, 2026-11). */
export const longestLine = 64_000_000;

/**
 * The lines of a rollout in order, in batches of what one read brought, or less. Never throws for what is in the file: any bytes are
 * lines. Memory is bounded by `longest`, whatever the file's size.
 */
export async function* rolloutLines(path: string, options: LineOptions = {}): AsyncGenerator<RolloutLine[]> {
  const [from, longest] = [options.from ?? 0, options.longest ?? longestLine];
  if (isCompressed(path)) {
    yield* linesOfBytes(unpacked(path, options.onBroken), options);
    return;
  }
  const file = openSync(path, "r");
  // One byte more, so that a read that ends the file doesn't fill it.
  const needed = Math.max(leastChunk, fstatSync(file).size - from + 1);
  const lines = new LineCutter(from, longest, Math.min(chunk, needed));
  const readInto = async (room: Buffer): Promise<{ bytesRead: number; isFull: boolean }> => {
    const given = [file, room, 0, room.length, lines.read] as const;
    const bytesRead = needed > smallBytes ? (await readLater(...given)).bytesRead : readSync(...given);
    return { bytesRead, isFull: bytesRead === room.length };
  };
  let reading = readInto(lines.room());
  try {
    for (;;) {
      const { bytesRead, isFull } = await reading;
      if (bytesRead === 0) break;
      let batch = lines.take(bytesRead);
      for (; lines.hasMore; batch = lines.take(0)) yield batch;
      // While these are looked at, the next ones come.
      const other = isFull ? lines.otherRoom() : undefined;
      if (other) {
        reading = readInto(other);
        // An error of the read ahead is thrown when its bytes are asked for.
        reading.catch(() => undefined);
      }
      yield batch;
      if (!other) reading = readInto(lines.room());
    }
    yield lines.rest();
  } finally {
    // One that nobody asked for any more may still be under way.
    await reading.catch(() => undefined);
    closeSync(file);
  }
}

/** As `rolloutLines`, for bytes that come in pieces; offsets count through all pieces. */
export async function* linesOfBytes(
  pieces: AsyncIterable<Buffer>,
  { from = 0, longest = longestLine }: LineOptions,
): AsyncGenerator<RolloutLine[]> {
  const lines = new LineCutter(from, longest, chunk);
  let skip = lines.read;
  for await (const bytes of pieces) {
    const fresh = bytes.subarray(Math.min(skip, bytes.length));
    skip -= bytes.length - fresh.length;
    for (let at = 0; at < fresh.length;) {
      const room = lines.room();
      const copied = fresh.copy(room, 0, at, Math.min(fresh.length, at + room.length));
      at += copied;
      yield lines.take(copied);
      while (lines.hasMore) yield lines.take(0);
    }
  }
  yield lines.rest();
}

/** The bytes of the line around an offset in memory, without its newline. A newline counts as the beginning of the line after it. */
export function lineAround(bytes: Buffer, at: number): Buffer {
  const start = bytes[at] === newline ? at + 1 : bytes.lastIndexOf(newline, at) + 1;
  const end = bytes.indexOf(newline, start);
  return bytes.subarray(start, end < 0 ? bytes.length : end);
}

/** The lines of bytes that are in memory already; the first one is given `offset`. */
export function linesIn(bytes: Buffer, offset = 0): RolloutLine[] {
  const found: RolloutLine[] = [];
  for (let start = 0; start < bytes.length;) {
    const at = bytes.indexOf(newline, start);
    const end = at < 0 ? bytes.length : at;
    const isCrlf = at > start && bytes[at - 1] === carriageReturn;
    const own = bytes.subarray(start, isCrlf ? end - 1 : end);
    const ending = at < 0 ? "" : isCrlf ? "\r\n" : "\n";
    found.push({
      index: found.length,
      offset: offset + start,
      length: own.length,
      bytes: own,
      ending,
      whole: true,
    });
    start = end + 1;
  }
  return found;
}

/** A line whose bytes are cut out only when they are asked for: cutting takes longer than all the rest. */
class CutLine implements RolloutLine {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
  readonly ending: RolloutLine["ending"];
  readonly whole: boolean;
  readonly #memory: Buffer;
  readonly #start: number;

  constructor(
    index: number,
    offset: number,
    length: number,
    ending: RolloutLine["ending"],
    whole: boolean,
    memory: Buffer,
    start: number,
  ) {
    this.index = index;
    this.offset = offset;
    this.length = length;
    this.ending = ending;
    this.whole = whole;
    this.#memory = memory;
    this.#start = start;
  }

  get bytes(): Buffer {
    return this.#memory.subarray(this.#start, this.#start + (this.whole ? this.length : headBytes));
  }
}

/** Cuts what is read into lines, with one or two buffers that are reused. */
class LineCutter {
  /** Offset in the file up to which was read. */
  read: number;
  readonly #longest: number;
  readonly #chunk: number;
  #memory: Buffer;
  #other: Buffer | undefined;
  /** Where in memory the unfinished last line begins, and how many bytes of it are there. */
  #start = 0;
  #held = 0;
  /** Bytes of that line that were dropped after its head, because it is too long. */
  #dropped = 0;
  #index = 0;
  /** The last room has lines that weren't given out yet: they are taken before there is another one. */
  hasMore = false;

  /** `size`: about so much is read at once. */
  constructor(from: number, longest: number, size: number) {
    this.read = from;
    this.#longest = Math.max(longest, headBytes);
    this.#chunk = size;
    this.#memory = Buffer.allocUnsafe(size);
  }

  /** Memory for the next read; the lines that were given out are void now. */
  room(): Buffer {
    const needed = this.#held + this.#chunk / 2;
    const isFarTooLarge = this.#memory.length > 8 * this.#chunk && needed < this.#chunk;
    if (needed > this.#memory.length || isFarTooLarge) {
      // Twice as much each time, but no more than the longest line and what comes behind it.
      const size = Math.max(this.#chunk, Math.min(2 * this.#held, this.#longest + this.#chunk));
      const memory = Buffer.allocUnsafe(size);
      this.#memory.copy(memory, 0, this.#start, this.#start + this.#held);
      this.#memory = memory;
    } else if (this.#start > 0) {
      this.#memory.copy(this.#memory, 0, this.#start, this.#start + this.#held);
    }
    this.#start = 0;
    return this.#memory.subarray(this.#held);
  }

  /** As `room`, but in the other buffer, so that the lines given out last stay valid; none where a line is too long for that. */
  otherRoom(): Buffer | undefined {
    if (this.#held > this.#chunk / 2) return undefined;
    const memory = this.#other ?? Buffer.allocUnsafe(this.#chunk);
    this.#memory.copy(memory, 0, this.#start, this.#start + this.#held);
    this.#other = this.#memory.length === this.#chunk ? this.#memory : undefined;
    this.#memory = memory;
    this.#start = 0;
    return memory.subarray(this.#held);
  }

  /** The lines that end in the bytes that were read into the last room; after `hasMore` those that follow (0 bytes). */
  take(bytesRead: number): RolloutLine[] {
    const found: RolloutLine[] = [];
    const filled = this.#memory.subarray(0, this.#start + this.#held + bytesRead);
    let search = this.hasMore ? this.#start : this.#held;
    this.read += bytesRead;
    while (found.length < mostLines) {
      const at = filled.indexOf(newline, search);
      if (at < 0) break;
      const ending = at > this.#start && filled[at - 1] === carriageReturn ? "\r\n" : "\n";
      found.push(this.#cut(filled, at + 1, ending));
      this.#start = at + 1;
      search = at + 1;
    }
    this.hasMore = found.length === mostLines;
    this.#held = filled.length - this.#start;
    if (!this.hasMore && this.#held > (this.#dropped > 0 ? headBytes : this.#longest)) {
      this.#dropped += this.#held - headBytes;
      this.#held = headBytes;
    }
    return found;
  }

  /** The line that the file ends with, when it doesn't end with a newline. */
  rest(): RolloutLine[] {
    if (this.#held === 0) return [];
    const filled = this.#memory.subarray(0, this.#start + this.#held);
    return [this.#cut(filled, filled.length, "")];
  }

  #cut(filled: Buffer, end: number, ending: RolloutLine["ending"]): RolloutLine {
    const held = end - this.#start;
    const behind = this.read - filled.length + end;
    // One read may bring more of a line than is held of one.
    const whole = this.#dropped === 0 && held - ending.length <= this.#longest;
    const line = new CutLine(
      this.#index++,
      behind - held - this.#dropped,
      held + this.#dropped - ending.length,
      ending,
      whole,
      filled,
      this.#start,
    );
    this.#dropped = 0;
    return line;
  }
}

/** A span of the file: a line without its ending. */
export interface Span {
  readonly index: number;
  readonly at: number;
  readonly bytes: number;
}

/** Where a line stands, without its bytes. */
export function spanOf({ index, offset, length }: RolloutLine): Span {
  return { index, at: offset, bytes: length };
}

/** A part of a line, from an offset in it. */
export function partOf({ index, at }: Pick<Span, "index" | "at">, from: number, bytes: number): Span {
  return { index, at: at + from, bytes };
}

/** Where spans begin. */
export const startsOf = (...lists: readonly (readonly Span[])[]): Set<number> =>
  new Set(lists.flatMap((spans) => spans.map(({ at }) => at)));
