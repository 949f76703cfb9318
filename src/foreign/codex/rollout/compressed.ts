import { closeSync, createReadStream, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { pipeline } from "node:stream";
import { constants, createZstdDecompress, zstdDecompressSync } from "node:zlib";
import { isSystemError } from "../../../lib/system.ts";
import { endsWithinFrame } from "./zstd-frames.ts";

/** Codex packs rollouts that were not used for a while, and unpacks them on resume (0.169: `rollout-….jsonl.zst`). */
export function isCompressed(path: string): boolean {
  return path.endsWith(".zst");
}

/**
 * The bytes that a compressed rollout unpacks to. What is damaged ends them: all that could be unpacked is given, and `onBroken` is told
 * why there is no more.
 */
export async function* unpacked(path: string, onBroken?: (why: string) => void): AsyncGenerator<Buffer> {
  const stream = pipeline(createReadStream(path), createZstdDecompress({ chunkSize: 2 ** 18 }), () => {});
  try {
    for await (const bytes of stream) yield bytes as Buffer;
    if (isCutOff(path)) onBroken?.("unexpected end of file");
  } catch (error) {
    if (isSystemError(error)) throw error;
    onBroken?.(error instanceof Error ? error.message : String(error));
  }
}

function isCutOff(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    const read = (at: number, length: number): Buffer => {
      const bytes = Buffer.allocUnsafe(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
    };
    return endsWithinFrame(read, size);
  } finally {
    closeSync(fd);
  }
}

/** All that a compressed rollout unpacks to, `most` bytes at most; `undefined` where it is damaged, cut off, or more. */
export function unpackedWhole(packed: Buffer, most: number): Buffer | undefined {
  if (endsWithinFrame((at, length) => packed.subarray(at, at + length), packed.length)) return undefined;
  try {
    return zstdDecompressSync(packed, { maxOutputLength: most });
  } catch (error) {
    // zlib's errors have one, whatever is wrong with the bytes ("ZSTD_error_corruption_detected", "Z_BUF_ERROR", "ERR_BUFFER_TOO_LARGE").
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/** What the first bytes of a compressed rollout unpack to; nothing where they are damaged. */
function unpackedHead(bytes: Buffer): Buffer {
  try {
    return zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush, maxOutputLength: mostUnpacked });
  } catch (error) {
    if (isSystemError(error)) throw error;
    return Buffer.alloc(0);
  }
}

/** The first bytes of a rollout, unpacked where it is compressed. `room`: the buffer to read into, whose contents are overwritten. */
export function headOf(path: string, room: Buffer): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = room.subarray(0, readSync(fd, room, 0, room.length, 0));
    return isCompressed(path) ? unpackedHead(bytes) : bytes;
  } finally {
    closeSync(fd);
  }
}

/** All of a rollout, unpacked where it is compressed; `undefined` where the file on disk is larger than `most` bytes. */
export function wholeOf(path: string, most: number): Buffer | undefined {
  if (statSync(path).size > most) return undefined;
  const bytes = readFileSync(path);
  return isCompressed(path) ? unpackedHead(bytes) : bytes;
}

/** Codex's text compresses to a tenth; a file that unpacks to a thousand times its size is no rollout. */
const mostUnpacked = 2 ** 26;
