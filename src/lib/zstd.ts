import { constants, zstdDecompressSync } from "node:zlib";
import type { ReadAt } from "./file-bytes.ts";

/** How frames begin (RFC 8878, little-endian): those with content, and those that are skipped, whose last four bits are free. */
const frameMagic = 0xfd2fb528;
const skippedMagic = 0x184d2a50;
/** The longest head of a frame with content. */
const longestHead = 18;
/** Bytes of what a frame's descriptor says that its head has, by two of its bits. */
const dictionaryBytes = [0, 1, 2, 4];
const sizeBytes = [0, 2, 4, 8];
/** The type of a block that is one byte, repeated. */
const repeated = 1;

/** A part of an archive that is unpacked by itself. `isWhole`: false for a last frame that is cut off. */
interface Frame {
  readonly start: number;
  /** Offset after its last byte that is there. */
  readonly end: number;
  readonly isWhole: boolean;
}

/**
 * The frames with content of Zstandard data of `size` bytes, in order; bytes that begin no frame come as one, which can't be unpacked. Only
 * heads of frames and blocks are read. Node 24 and 25 unpack no more than the first frame, and up to 24.18 one that is cut off as if it
 * were whole, both without an error (measured 2026-11-22; 26 does neither).
 */
export function* framesOf(read: ReadAt, size: number): Generator<Frame> {
  for (let start = 0; start < size;) {
    const found = frameAt(read, start, size);
    const end = Math.min(size, found?.end ?? size);
    if (found?.isSkipped !== true || found.end > size)
      yield { start, end, isWhole: (found?.end ?? size) <= size };
    start = end;
  }
}

/** What Zstandard data unpacks to. `isTooLong`: it isn't whole because that is more than was wanted. */
interface Unpacked {
  readonly found: Buffer;
  readonly isWhole: boolean;
  readonly isTooLong: boolean;
}

/**
 * What Zstandard data in memory unpacks to, up to where it is cut off, damaged, or comes to more than `most` bytes: then it isn't whole. Of a
 * frame that is cut off, what is there is unpacked.
 */
export function unpackedIn(packed: Uint8Array, most: number): Unpacked {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const found: Buffer[] = [];
  let left = most;
  for (const frame of framesOf((at, length) => bytes.subarray(at, at + length), bytes.length)) {
    const plain = unpackedFrame(bytes.subarray(frame.start, frame.end), left);
    if (typeof plain === "string")
      return { found: Buffer.concat(found), isWhole: false, isTooLong: plain === "too-long" };
    found.push(plain);
    left -= plain.length;
    if (!frame.isWhole || left < 0)
      return { found: Buffer.concat(found), isWhole: false, isTooLong: left < 0 };
  }
  const all = found.length === 1 ? found[0]! : Buffer.concat(found);
  return { found: all, isWhole: true, isTooLong: false };
}

/** All that Zstandard data unpacks to; `undefined` where it isn't whole (`unpackedIn`). */
export function unpackedWhole(packed: Uint8Array, most: number): Buffer | undefined {
  const { found, isWhole } = unpackedIn(packed, most);
  return isWhole ? found : undefined;
}

function unpackedFrame(packed: Buffer, most: number): Buffer | "damaged" | "too-long" {
  try {
    const options = { finishFlush: constants.ZSTD_e_flush, maxOutputLength: Math.max(1, most) };
    return zstdDecompressSync(packed, options);
  } catch (error) {
    // zlib's errors have one, whatever is wrong with the bytes ("ZSTD_error_corruption_detected").
    if (!(error instanceof Error && "code" in error)) throw error;
    return error.code === "ERR_BUFFER_TOO_LARGE" ? "too-long" : "damaged";
  }
}

/** The frame at `at`, with an end beyond `size` where it is cut off; `undefined` where there is no frame. */
function frameAt(read: ReadAt, at: number, size: number): { end: number; isSkipped?: true } | undefined {
  const head = read(at, longestHead);
  if (head.length < 5) return { end: size + 1 };
  const magic = head.readUInt32LE(0);
  if ((magic & 0xfffffff0) >>> 0 === skippedMagic)
    return { end: head.length < 8 ? size + 1 : at + 8 + head.readUInt32LE(4), isSkipped: true };
  if (magic !== frameMagic) return undefined;
  const descriptor = head[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const contentSize = sizeBytes[descriptor >> 6]! || (isSingle ? 1 : 0);
  let block = at + 5 + (isSingle ? 0 : 1) + dictionaryBytes[descriptor & 3]! + contentSize;
  for (let isLast = false; !isLast;) {
    const bytes = read(block, 3);
    // No encoder writes an empty block in the middle of a frame: these are the zeros of a lost part, of which there may be megabytes.
    if (bytes.length < 3 || bytes.readUIntLE(0, 3) === 0) return { end: size + 1 };
    const said = bytes.readUIntLE(0, 3);
    isLast = (said & 1) === 1;
    block += 3 + (((said >> 1) & 3) === repeated ? 1 : said >> 3);
  }
  return { end: block + (hasChecksum ? 4 : 0) };
}
