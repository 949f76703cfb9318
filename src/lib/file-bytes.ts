import { closeSync, openSync, readSync } from "node:fs";

/** Reads bytes of a file, fewer where it ends. */
export type ReadAt = (at: number, bytes: number) => Buffer;

/**
 * Fills as much of the room as an open file has from an offset on, and returns how much that is. One call may give less: a disk behind a
 * network ends it where its answer ends.
 */
export function readFully(fd: number, room: Uint8Array, at: number): number {
  let filled = 0;
  while (filled < room.length) {
    const read = readSync(fd, room, filled, room.length - filled, at + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

/** Reads an open file. */
export const readerOf =
  (fd: number): ReadAt =>
  (at, bytes) => {
    const buffer = Buffer.allocUnsafe(bytes);
    return buffer.subarray(0, readFully(fd, buffer, at));
  };

/** Some bytes of a file, fewer where it ends before. */
export function bytesAt(path: string, at: number, bytes: number): Buffer {
  const fd = openSync(path, "r");
  try {
    return readerOf(fd)(at, bytes);
  } finally {
    closeSync(fd);
  }
}

/** Of most files somebody who looks for something needs no more than the first piece. */
const [firstPiece, piece] = [2 ** 16, 2 ** 22];

/** The bytes of a file, each piece valid until the next one is asked for. Read at once and not through the thread pool: there may be tens of thousands of small files. */
export function* piecesOf(path: string): Generator<Buffer, undefined> {
  const fd = openSync(path, "r");
  try {
    let room = Buffer.allocUnsafe(firstPiece);
    for (let at = 0; ; room = room.length < piece ? Buffer.allocUnsafe(piece) : room) {
      const read = readSync(fd, room, 0, room.length, at);
      if (read === 0) return undefined;
      at += read;
      yield room.subarray(0, read);
    }
  } finally {
    closeSync(fd);
  }
}
