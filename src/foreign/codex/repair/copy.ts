import { chmodSync, closeSync, constants, openSync, readSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { writeAll } from "../../../lib/write.ts";

const block = 2 ** 20;

/** A copy that only its owner can read; shares blocks where the file system can. */
export async function copyPrivately(from: string, to: string): Promise<void> {
  closeSync(openSync(to, "wx", 0o600));
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  // The copy has the source's rights.
  chmodSync(to, 0o600);
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
