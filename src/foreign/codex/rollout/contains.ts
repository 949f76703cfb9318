import { closeSync, openSync, readSync } from "node:fs";
import { isCompressed, unpacked } from "./compressed.ts";
import { encoded, encodingOf } from "./encoding.ts";

const block = 2 ** 22;

/**
 * Whether a rollout, unpacked where it is compressed, holds any of these texts (ASCII), in whatever encoding it is. Plain bytes are looked
 * through at the rate of memory.
 */
export async function containsAny(path: string, texts: readonly string[]): Promise<boolean> {
  if (texts.length === 0) return false;
  let wanted: Buffer[] | undefined;
  let longest = 0;
  let kept = Buffer.alloc(0);
  for await (const piece of isCompressed(path) ? unpacked(path) : piecesOf(path)) {
    if (!wanted) {
      const encoding = encodingOf(piece);
      wanted = texts.map((text) => encoded(text, encoding));
      longest = Math.max(...wanted.map(({ length }) => length));
    }
    const bytes = Buffer.concat([kept, piece]);
    if (wanted.some((text) => bytes.includes(text))) return true;
    // The end of a piece is kept for the next look: a text may begin in it.
    kept = bytes.subarray(-longest);
  }
  return false;
}

/** Read at once and not through the thread pool: there may be tens of thousands of small files. */
function* piecesOf(path: string): Generator<Buffer> {
  const fd = openSync(path, "r");
  try {
    const room = Buffer.allocUnsafe(block);
    for (let at = 0, read; (read = readSync(fd, room, 0, block, at)) > 0; at += read)
      yield room.subarray(0, read);
  } finally {
    closeSync(fd);
  }
}

/** Some bytes of a file, fewer where it ends before. */
export function bytesAt(path: string, at: number, bytes: number): Buffer {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(fd, buffer, 0, bytes, at));
  } finally {
    closeSync(fd);
  }
}
