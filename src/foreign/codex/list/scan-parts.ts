import { closeSync, fstatSync, openSync } from "node:fs";
import { readFully } from "../../../lib/file-bytes.ts";
import { isSystemError } from "../../../lib/system.ts";
import { unpackedIn } from "../../../lib/zstd.ts";
import type { RolloutFile } from "../home/places.ts";
import { mostUnpacked, unpackedHead } from "../rollout/bytes/compressed.ts";

/** A rollout of at most so many bytes is read whole: nine in ten are. */
const wholeBytes = 2 ** 20;
/** Bytes that are read of the head of another one. */
export const headBytes = 2 ** 18;
const tailBytes = 2 ** 18;
/** So far back a tail goes whose last line is longer than that. */
const longTailBytes = 2 ** 22;

/** One for all rollouts: the head and the tail, and behind them what is read between. */
const memory = Buffer.allocUnsafeSlow(wholeBytes);
const tailMemory = memory.subarray(headBytes, headBytes + tailBytes);
/** Room for what is read beside the ends of a rollout. */
export const pieceRoom = memory.subarray(headBytes + tailBytes);
/** At so many places of the unread part it is checked whether a line ends nearby: in so many bytes, or if not, in so many. */
const probes = 8;
const [near, nearby] = [2 ** 13, 2 ** 16];
const newline = 0x0a;

/** What is read of a rollout for a list: all of it, or its two ends. */
export interface Parts {
  readonly head: Buffer;
  /** The end of a file that was not read whole, from the beginning of a line on; nothing where even that is too much. */
  readonly tail?: Buffer;
  /** What was read back from there, where the last turn began before it. */
  readonly begun?: Begun;
  /** Offset up to which the head goes. */
  readonly headEnd: number;
  /** Bytes behind it that were not read. */
  readonly between: number;
}

/** What the lines before the tail say of the last turn. */
export interface Begun {
  /** Those that tell how it began: what it was given, and that it did. */
  readonly lines: Buffer;
  /** How many messages there are in what was read. */
  readonly messages: number;
}

/** An open rollout. */
export interface Opened {
  /** Bytes of it that count; reckoned where a compressed one isn't unpacked. */
  readonly size: number;
  /** Fills the room with what stands from an offset on. Returns how many bytes there were. */
  read(at: number, room: Buffer): number;
  /** Of a compressed rollout, the bytes that it unpacks to; absent where they are only reckoned. */
  readonly unpacked?: number;
  /** Only its head can be read. */
  readonly isHead?: true;
}

/**
 * Reads a rollout while it is open, as far as `until` of what it is unpacked to. "damaged": it can't be unpacked. "refused": it can't be opened
 * or read.
 */
export function opened<T>(
  file: RolloutFile,
  until: number | undefined,
  use: (rollout: Opened) => T,
): T | "damaged" | "refused" {
  try {
    const fd = openSync(file.path, "r");
    try {
      const whole = fstatSync(fd).size;
      if (file.form !== "jsonl.zst")
        return use({ size: Math.min(whole, until ?? whole), read: (at, room) => readFully(fd, room, at) });
      const rollout = unpacked(fd, whole, until);
      return rollout ? use(rollout) : "damaged";
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isSystemError(error)) return "refused";
    throw error;
  }
}

/** Larger ones aren't unpacked for a list, nor those that come to more than `mostUnpacked`. */
const mostPacked = 2 ** 24;

function unpacked(fd: number, size: number, until: number | undefined): Opened | undefined {
  const packed = Buffer.allocUnsafe(size > mostPacked ? headBytes : size);
  readFully(fd, packed, 0);
  if (size > mostPacked) return headOf(packed, size, until);
  const { found, isWhole, isTooLong } = unpackedIn(packed, mostUnpacked);
  if (isTooLong) return headOf(packed.subarray(0, headBytes), size, until);
  return isWhole ? { ...inMemory(found, until), unpacked: found.length } : undefined;
}

/** How much is behind the head is reckoned by how that packs. */
function headOf(packed: Buffer, size: number, until: number | undefined): Opened | undefined {
  const { found, used } = unpackedHead(packed);
  if (found.length === 0) return undefined;
  const whole = Math.min(until ?? Number.POSITIVE_INFINITY, Math.round((found.length * size) / used));
  return { ...inMemory(found), size: whole, isHead: true };
}

/** Bytes that are in memory. */
export function inMemory(bytes: Buffer, until = bytes.length): Opened {
  const read: Opened["read"] = (at, room) => bytes.copy(room, 0, Math.min(at, bytes.length));
  return { size: Math.min(bytes.length, until), read };
}

/** All of a rollout, or its ends. Valid until the next one's are read. */
export function endsOf(rollout: Opened): Parts {
  const { size, read, isHead } = rollout;
  const filled = (room: Buffer, at: number): Buffer => room.subarray(0, read(at, room));
  if (size <= wholeBytes && !isHead)
    return { head: filled(memory.subarray(0, size), 0), headEnd: size, between: 0 };
  const beginning = filled(memory.subarray(0, Math.min(size, headBytes)), 0);
  const end = beginning.lastIndexOf(newline);
  // A head that is one long line stays, for its first bytes.
  const head = end < 0 ? beginning : beginning.subarray(0, end + 1);
  const tail = isHead ? tailMemory.subarray(0, 0) : tailOf(rollout, head.length);
  return { head, tail, headEnd: head.length, between: Math.max(0, size - head.length - tail.length) };
}

/** The end of a rollout behind its head, from the beginning of a line on: the last one may be an image, or nothing but zeros stand behind it. */
function tailOf({ size, read }: Opened, headEnd: number): Buffer {
  for (let length = tailBytes; ; length *= 2) {
    // With the newline that ends the head.
    const from = Math.max(headEnd - 1, size - length);
    const room = length > tailBytes ? Buffer.allocUnsafe(size - from) : tailMemory;
    const ending = room.subarray(0, read(from, room));
    const start = ending.indexOf(newline) + 1;
    const hasLine = start > 0 && (ending[start] ?? 0) !== 0;
    if (hasLine || length >= longTailBytes || from < headEnd) return ending.subarray(start);
  }
}

/**
 * How many of the bytes that were not read are lines like those at both ends, and not one huge line: an image, or a tool's output. A share
 * of 1.
 */
export function linesBetween(
  { size, read, isHead }: Opened,
  { headEnd, between: unread }: Pick<Parts, "headEnd" | "between">,
): number {
  const endsWithin = (at: number, bytes: number): boolean => {
    const room = pieceRoom.subarray(0, bytes);
    return room.subarray(0, read(at, room)).includes(newline);
  };
  if (isHead || unread === 0) return 1;
  let ends = 0;
  for (let nth = 0; nth < probes; nth++) {
    const at = Math.floor(headEnd + (unread * (nth + 0.5)) / probes);
    if (endsWithin(at, near) || (at + near < size && endsWithin(at + near, nearby - near))) ends++;
  }
  return ends / probes;
}
