import { chmodSync, closeSync, constants, openSync, readSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { Pauses } from "../../../lib/pauses.ts";
import { isSystemError } from "../../../lib/system.ts";
import { writeAll } from "../../../lib/write.ts";

const block = 2 ** 20;

/**
 * A copy that only its owner can read; shares blocks where the file system can. Of a file that is written or cut meanwhile it holds what was
 * read. Throws the system's error, EEXIST where a file is there.
 */
export async function copyPrivately(from: string, to: string): Promise<void> {
  const shared = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
  // What is really amiss, where more is than a file system that shares no blocks, is said when the bytes are read and written.
  const isShared = await copyFile(from, to, shared).then(
    () => true,
    () => false,
  );
  // A clone has the source's rights.
  if (isShared) chmodSync(to, 0o600);
  else await copyRead(from, to);
}

/**
 * Node's `copyFile` never ends where its source becomes shorter meanwhile: it waits for the bytes that were there (libuv 1.52, 2026-11-24).
 * Its streams close the file that they were lent when a write fails, and hide why (24.21).
 */
async function copyRead(from: string, to: string): Promise<void> {
  const source = openSync(from, "r");
  try {
    const target = openSync(to, "wx", 0o600);
    try {
      const pauses = new Pauses();
      for (let at = 0, bytes = block; bytes > 0; at += bytes) {
        if (pauses.isDue) await pauses.take();
        bytes = copyBytes(source, target, { at, to: at, bytes: block });
      }
    } catch (error) {
      rmSync(to, { force: true });
      // An open file's error doesn't say which file it is.
      throw isSystemError(error)
        ? Object.assign(error, { path: error.syscall === "read" ? from : to })
        : error;
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Copies `bytes` bytes from offset `at` of one open file to offset `to` of another; returns how many there were. */
export function copyBytes(
  from: number,
  target: number,
  range: { at: number; to: number; bytes: number },
): number {
  const buffer = Buffer.allocUnsafe(Math.min(block, Math.max(1, range.bytes)));
  let done = 0;
  while (done < range.bytes) {
    const read = readSync(from, buffer, 0, Math.min(buffer.length, range.bytes - done), range.at + done);
    if (read === 0) break;
    writeAll(target, buffer.subarray(0, read), range.to + done);
    done += read;
  }
  return done;
}
