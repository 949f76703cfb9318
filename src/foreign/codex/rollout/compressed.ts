import { closeSync, createReadStream, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { pipeline } from "node:stream";
import { constants, createZstdDecompress, zstdDecompressSync } from "node:zlib";
import { isSystemError } from "../../../lib/system.ts";
import { framesOf } from "./zstd-frames.ts";

/** Codex packs rollouts that were not used for a while, and unpacks them on resume (0.169: `rollout-….jsonl.zst`). */
export function isCompressed(path: string): boolean {
  return path.endsWith(".zst");
}

/**
 * The bytes that a compressed rollout unpacks to. What is damaged ends them: all that could be unpacked is given, and `onBroken` is told
 * why there is no more.
 */
export async function* unpacked(path: string, onBroken?: (why: string) => void): AsyncGenerator<Buffer> {
  const fd = openSync(path, "r");
  try {
    for (const { start, end, isWhole } of framesOf(readerOf(fd), fstatSync(fd).size)) {
      const packed = createReadStream(path, { start, end: end - 1 });
      for await (const bytes of pipeline(packed, createZstdDecompress({ chunkSize: 2 ** 18 }), () => {}))
        yield bytes as Buffer;
      if (!isWhole) throw new Error("unexpected end of file");
    }
  } catch (error) {
    if (isSystemError(error)) throw error;
    onBroken?.(error instanceof Error ? error.message : String(error));
  } finally {
    closeSync(fd);
  }
}

const readerOf =
  (fd: number) =>
  (at: number, length: number): Buffer => {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
  };

/** All that a compressed rollout unpacks to; `undefined` where it is damaged, cut off, or comes to more than `most` bytes. */
export function unpackedWhole(packed: Buffer, most: number): Buffer | undefined {
  const { found, isWhole } = unpackedIn(packed, most);
  return isWhole ? found : undefined;
}

/** What bytes unpack to, up to where they are cut off, damaged, or come to more than `most` bytes: then they are not whole. */
function unpackedIn(packed: Buffer, most: number): { found: Buffer; isWhole: boolean } {
  const found: Buffer[] = [];
  let left = most;
  for (const frame of framesOf((at, length) => packed.subarray(at, at + length), packed.length)) {
    const bytes = unpackedFrame(packed.subarray(frame.start, frame.end), left);
    if (bytes) found.push(bytes);
    left -= bytes?.length ?? 0;
    if (!bytes || !frame.isWhole) return { found: Buffer.concat(found), isWhole: false };
  }
  return { found: found.length === 1 ? found[0]! : Buffer.concat(found), isWhole: true };
}

/** Of a frame that is cut off, what is there. */
function unpackedFrame(packed: Buffer, most: number): Buffer | undefined {
  try {
    const options = { finishFlush: constants.ZSTD_e_flush, maxOutputLength: Math.max(1, most) };
    return zstdDecompressSync(packed, options);
  } catch (error) {
    // zlib's errors have one, whatever is wrong with the bytes ("ZSTD_error_corruption_detected", "ERR_BUFFER_TOO_LARGE").
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/** The first bytes of a rollout, unpacked where it is compressed. `room`: the buffer to read into, whose contents are overwritten. */
export function headOf(path: string, room: Buffer): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = room.subarray(0, readSync(fd, room, 0, room.length, 0));
    return isCompressed(path) ? unpackedIn(bytes, mostUnpacked).found : bytes;
  } finally {
    closeSync(fd);
  }
}

/** All of a rollout, unpacked where it is compressed; `undefined` where the file on disk is larger than `most` bytes. */
export function wholeOf(path: string, most: number): Buffer | undefined {
  if (statSync(path).size > most) return undefined;
  const bytes = readFileSync(path);
  return isCompressed(path) ? unpackedIn(bytes, mostUnpacked).found : bytes;
}

/** Codex's text compresses to a tenth; a file that unpacks to a thousand times its size is no rollout. */
const mostUnpacked = 2 ** 26;
