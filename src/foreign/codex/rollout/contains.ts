import { closeSync, openSync, readSync } from "node:fs";

const block = 2 ** 22;

/** Whether a file holds any of these texts (ASCII). Plain bytes are looked through at the rate of memory. */
export function containsAny(path: string, texts: readonly string[]): boolean {
  const longest = Math.max(0, ...texts.map(({ length }) => length));
  if (longest === 0) return false;
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(block + longest);
    let held = 0;
    for (let at = 0; ;) {
      const read = readSync(fd, buffer, held, block, at);
      if (read === 0) return false;
      at += read;
      const bytes = buffer.subarray(0, held + read);
      if (texts.some((text) => bytes.includes(text, 0, "latin1"))) return true;
      // The end of a piece is kept for the next look: a text may begin in it.
      held = Math.min(longest, bytes.length);
      bytes.copy(buffer, 0, bytes.length - held);
    }
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
