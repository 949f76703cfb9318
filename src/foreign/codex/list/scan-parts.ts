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

const memory = Buffer.allocUnsafe(wholeBytes);
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

/**
 * Opens and reads a rollout, up to a byte of what it is unpacked to, or to its end. "damaged": it can't be unpacked. "refused": it can't be
 * opened. The bytes are valid until the next call.
 */
export function partsOf(file: RolloutFile, until = Number.POSITIVE_INFINITY): Parts | "damaged" | "refused" {
  try {
    const fd = openSync(file.path, "r");
    try {
      const whole = fstatSync(fd).size;
      if (file.form === "jsonl.zst") return unpackedParts(fd, whole, until);
      const size = Math.min(whole, until);
      if (size <= wholeBytes)
        return {
          head: memory.subarray(0, readFully(fd, memory.subarray(0, size), 0)),
          between: 0,
          inLines: 1,
        };
      const read = readFully(fd, memory.subarray(0, headBytes), 0);
      const end = readFully(fd, memory.subarray(headBytes, headBytes + tailBytes), size - tailBytes);
      const probe = (at: number): Buffer => probed.subarray(0, readFully(fd, probed, Math.floor(at)));
      return halves(memory.subarray(0, read), memory.subarray(headBytes, headBytes + end), size, probe);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (isSystemError(error)) return "refused";
    throw error;
  }
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

function unpackedParts(fd: number, size: number, until: number): Parts | "damaged" {
  const packed = Buffer.allocUnsafe(size > mostPacked ? headBytes : size);
  readFully(fd, packed, 0);
  if (size > mostPacked) return packedHead(packed, size, until);
  const { found, isWhole, isTooLong } = unpackedIn(packed, mostUnpacked);
  if (isTooLong) return packedHead(packed.subarray(0, headBytes), size, until);
  return isWhole ? { ...wholeOrEnds(found.subarray(0, until)), unpacked: found.length } : "damaged";
}

/** Only the head of it; how much is behind that is reckoned by how the head packs. */
function packedHead(packed: Buffer, size: number, until: number): Parts | "damaged" {
  const { found, used } = unpackedHead(packed);
  if (found.length === 0) return "damaged";
  const whole = Math.min(until, Math.round((found.length * size) / used));
  return halves(found.subarray(0, Math.min(headBytes, until)), nothing, whole, () => found);
}

/** Bytes that are in memory, cut to what `partsOf` would have read of them. */
export function wholeOrEnds(bytes: Buffer): Parts {
  return bytes.length <= wholeBytes
    ? { head: bytes, between: 0, inLines: 1 }
    : halves(bytes.subarray(0, headBytes), bytes.subarray(bytes.length - tailBytes), bytes.length, (at) =>
        bytes.subarray(Math.floor(at), Math.floor(at) + probed.length),
      );
}
