import { closeSync, createReadStream, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { pipeline } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import { isAt } from "../../../../lib/bytes.ts";
import { isSystemError } from "../../../../lib/system.ts";
import { framesOf, unpackedIn } from "../../../../lib/zstd.ts";
import { bytesAt, readerOf, readFully } from "../../../../lib/file-bytes.ts";

/** Codex packs rollouts that were not used for a while, and unpacks them on resume (0.169: `rollout-….jsonl.zst`). */
export function isCompressed(path: string): boolean {
  return path.endsWith(".zst");
}

/** How a file's bytes are packed, whatever its name says. */
export type Packing = "zstd" | "gzip" | "plain";

const beginnings: readonly (readonly [Packing, Buffer])[] = [
  ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ["gzip", Buffer.from([0x1f, 0x8b])],
  ["plain", Buffer.from("{")],
];

/** The packing of a file, by its first bytes; `undefined` where they tell nothing. */
export function packingOf(path: string): Packing | undefined {
  const first = bytesAt(path, 0, 4);
  return beginnings.find(([, bytes]) => isAt(first, 0, bytes))?.[0];
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

/** The first bytes of a rollout, unpacked where it is compressed. `room`: the buffer to read into, whose contents are overwritten. */
export function headOf(path: string, room: Buffer): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = room.subarray(0, readFully(fd, room, 0));
    return isCompressed(path) ? unpackedHead(bytes).found : bytes;
  } finally {
    closeSync(fd);
  }
}

/**
 * What the first bytes of a compressed rollout unpack to, or, where that is too much, the first `used` of them: so many that there is
 * something, and not too much.
 */
export function unpackedHead(packed: Buffer): { readonly found: Buffer; readonly used: number } {
  let [low, high] = [0, packed.length];
  for (let used = high; ; used = (low + high) >> 1) {
    const { found, isTooLong } = unpackedIn(packed.subarray(0, used), mostOfHead);
    const isAll = used === packed.length && !isTooLong;
    if (isAll || found.length > 0 || high - low <= 1) return { found, used };
    if (isTooLong) high = used;
    else low = used;
  }
}

/** All of a rollout, unpacked where it is compressed; `undefined` where the file on disk is larger than `most` bytes. */
export function wholeOf(path: string, most: number): Buffer | undefined {
  if (statSync(path).size > most) return undefined;
  const bytes = readFileSync(path);
  return isCompressed(path) ? unpackedIn(bytes, mostUnpacked).found : bytes;
}

/** So much is unpacked at once, at most. (Codex's text compresses to a tenth.) */
export const mostUnpacked = 64_000_000;
/** Of an archive that unpacks to thousands of times its size, a head is looked for again and again. */
const mostOfHead = 2 ** 23;
