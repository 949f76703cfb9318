import { closeSync, openSync, readSync } from "node:fs";
import { isCompressed, unpacked } from "./compressed.ts";

const block = 2 ** 22;

/** Whether a rollout, unpacked where it is compressed, holds any of these texts (ASCII). Plain bytes are looked through at the rate of memory. */
export async function containsAny(path: string, texts: readonly string[]): Promise<boolean> {
  const longest = Math.max(0, ...texts.map(({ length }) => length));
  if (longest === 0) return false;
  let kept = Buffer.alloc(0);
  for await (const piece of isCompressed(path) ? unpacked(path) : piecesOf(path)) {
    const bytes = Buffer.concat([kept, piece]);
    if (texts.some((text) => bytes.includes(text, 0, "latin1"))) return true;
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

/** Some bytes of a file as text, for a diff. */
export function readAround(path: string, at: number, bytes: number): string {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(bytes);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, bytes, at));
  } finally {
    closeSync(fd);
  }
}
