import { closeSync, fstatSync, openSync } from "node:fs";
import { readFully } from "../../../lib/file-bytes.ts";
import { isSystemError } from "../../../lib/system.ts";
import { unpackedIn } from "../../../lib/zstd.ts";
import type { RolloutFile } from "../home/places.ts";
import { mostUnpacked, unpackedHead } from "../rollout/bytes/compressed.ts";

/** A rollout of at most so many bytes is read whole: nine in ten are. */
const wholeBytes = 2 ** 20;
const headBytes = 2 ** 18;
const tailBytes = 2 ** 18;
/** Bytes of the head of a rollout whose first prompt lies beyond the usual one, behind its images. */
export const longHeadBytes = 2 ** 24;
/** So far back the tail is read to where the last turn began. */
const longTailBytes = 2 ** 22;

const memory = Buffer.allocUnsafe(wholeBytes);
const tailMemory = Buffer.allocUnsafe(longTailBytes);
/** What a line has that says with what a turn began; inside a string the quotes would be escaped. */
const contextMark = Buffer.from('"turn_context"');
/** At so many places of the unread part it is checked whether a line ends nearby. */
const probes = 8;
const probed = Buffer.allocUnsafe(2 ** 16);
const newline = 0x0a;

/** What is read of a rollout for a list: all of it, or its two ends. */
export interface Parts {
  readonly head: Buffer;
  /** The end of a file that was not read whole, from the beginning of a line on; nothing where even that is too much. */
  readonly tail?: Buffer;
  /** Bytes that were not read. */
  readonly between: number;
  /** How many of those bytes are lines like those at both ends, and not one huge line: an image, or a tool's output. */
  readonly inLines: number;
  /** Of a compressed rollout, the bytes that it unpacks to; absent where they are only reckoned. */
  readonly unpacked?: number;
}

/** How much of a rollout is read. */
export interface Reach {
  /** Up to this byte of what it is unpacked to; absent: to its end. */
  readonly until?: number | undefined;
  /** Bytes of its head. */
  readonly head?: number;
}

/**
 * Opens and reads a rollout. "damaged": it can't be unpacked. "refused": it can't be opened. The bytes are valid until the next call.
 */
export function partsOf(file: RolloutFile, reach: Reach = {}): Parts | "damaged" | "refused" {
  try {
    const fd = openSync(file.path, "r");
    try {
      const whole = fstatSync(fd).size;
      if (file.form === "jsonl.zst") return unpackedParts(fd, whole, reach);
      return wholeOrEnds(Math.min(whole, reach.until ?? whole), reach, (at, room) => readFully(fd, room, at));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isSystemError(error)) return "refused";
    throw error;
  }
}

/** Fills the room with what stands from an offset on. Returns how many bytes there were. */
type Reader = (at: number, room: Buffer) => number;

function wholeOrEnds(size: number, reach: Reach, read: Reader): Parts {
  const beginning = (length: number): Buffer => {
    const room = length <= wholeBytes ? memory.subarray(0, length) : Buffer.allocUnsafe(length);
    return room.subarray(0, read(0, room));
  };
  const length = reach.head ?? headBytes;
  if (size > Math.max(wholeBytes, length)) {
    const head = beginning(length);
    const tail = tailBehind(head.length, size, read);
    const probe = (at: number): Buffer => probed.subarray(0, read(Math.floor(at), probed));
    if (tail) return halves(head, tail, size, probe);
  }
  return { head: beginning(size), between: 0, inLines: 1 };
}

/**
 * The end of a rollout, from before its last turn began on if that is within reach. `undefined`: it comes to the head, or the file has been
 * cut meanwhile.
 */
function tailBehind(head: number, size: number, read: Reader): Buffer | undefined {
  const end = tailMemory.length;
  for (let length = tailBytes, has = 0; size - length >= head; has = length, length *= 2) {
    const room = tailMemory.subarray(end - length, end - has);
    if (read(size - length, room) < room.length) return undefined;
    if (length === end || room.includes(contextMark)) return tailMemory.subarray(end - length);
  }
  return undefined;
}

/** Cuts head and tail to whole lines; a head that is one long line stays, for its first bytes. */
function halves(head: Buffer, tail: Buffer, size: number, probe: (at: number) => Buffer): Parts {
  const end = head.lastIndexOf(newline);
  const own = end < 0 ? head : head.subarray(0, end + 1);
  const begin = tail.indexOf(newline);
  const rest = begin < 0 ? tail : tail.subarray(begin + 1);
  const between = size - own.length - rest.length;
  let ends = 0;
  for (let nth = 0; nth < probes; nth++)
    if (probe(own.length + (between * (nth + 0.5)) / probes).includes(newline)) ends++;
  return { head: own, tail: rest, between, inLines: ends / probes };
}

/** Larger ones aren't unpacked for a list, nor those that come to more than `mostUnpacked`. */
const mostPacked = 2 ** 24;
const nothing = Buffer.alloc(0);

function unpackedParts(fd: number, size: number, reach: Reach): Parts | "damaged" {
  const packed = Buffer.allocUnsafe(size > mostPacked ? headBytes : size);
  readFully(fd, packed, 0);
  if (size > mostPacked) return packedHead(packed, size, reach);
  const { found, isWhole, isTooLong } = unpackedIn(packed, mostUnpacked);
  if (isTooLong) return packedHead(packed.subarray(0, headBytes), size, reach);
  return isWhole ? { ...partsIn(found, reach), unpacked: found.length } : "damaged";
}

/** Only the head of it; how much is behind that is reckoned by how the head packs. */
function packedHead(packed: Buffer, size: number, { until, head = headBytes }: Reach): Parts | "damaged" {
  const { found, used } = unpackedHead(packed);
  if (found.length === 0) return "damaged";
  const whole = Math.min(until ?? Number.POSITIVE_INFINITY, Math.round((found.length * size) / used));
  return halves(found.subarray(0, Math.min(head, whole)), nothing, whole, () => found);
}

/** Bytes that are in memory, cut to what `partsOf` would have read of them. */
export function partsIn(bytes: Buffer, reach: Reach = {}): Parts {
  const size = Math.min(bytes.length, reach.until ?? bytes.length);
  return wholeOrEnds(size, reach, (at, room) => bytes.copy(room, 0, at));
}
