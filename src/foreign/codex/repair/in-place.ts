import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { Failure } from "../../../failure.ts";
import { readFully } from "../../../lib/file-bytes.ts";
import { hasCode, syncPath } from "../../../lib/system.ts";
import { crashesAt } from "../../../lib/fault.ts";
import { Pauses } from "../../../lib/pauses.ts";
import { writeAll } from "../../../lib/write.ts";

const block = 2 ** 18;

/**
 * Makes the file's bytes those of `source`, in the file itself and not by rename: a process that has it open still has it. Only blocks
 * that differ are written. If it is cut off at any point, it can be run again. Gives way to others, as all here that goes through a file.
 */
export async function writeInPlace(path: string, source: string): Promise<void> {
  const [from, to] = [openSync(source, "r"), openSync(path, "r+")];
  try {
    const [wanted, found] = [Buffer.allocUnsafe(block), Buffer.allocUnsafe(block)];
    const { size } = fstatSync(from);
    const pauses = new Pauses();
    for (let at = 0; at < size;) {
      if (pauses.isDue) await pauses.take();
      const read = readSync(from, wanted, 0, block, at);
      if (read === 0) throw new Error(`${source} became shorter while it was read`);
      const bytes = wanted.subarray(0, read);
      const had = readSync(to, found, 0, read, at);
      if (!found.subarray(0, had).equals(bytes)) {
        if (crashesAt("repair-half-written")) {
          writeAll(to, bytes.subarray(0, Math.ceil(read / 2)), at);
          process.kill(process.pid, "SIGKILL");
        }
        writeAll(to, bytes, at);
      }
      at += read;
    }
    if (fstatSync(to).size > size) ftruncateSync(to, size);
    await promisify(fsync)(to);
  } finally {
    closeSync(from);
    closeSync(to);
  }
}

/**
 * Gives a file the time of change that it had, but for a millisecond: lists keep their order, and caches still see a change. Another user's
 * file may be written and yet not be given a time, for want of which no repair fails.
 */
export function keepTime(path: string, had: Stats): void {
  try {
    utimesSync(path, had.atimeMs / 1_000, (had.mtimeMs + 1) / 1_000);
  } catch (error) {
    if (!hasCode(error, "EPERM", "EACCES")) throw error;
  }
}

/** Throws where the file was changed since `before`: what was written then would go. To be asked right before the first byte is written. */
export function assertUntouched(path: string, before: Stats, meanwhile: string): void {
  const now = statSync(path, { throwIfNoEntry: false });
  if (now?.size === before.size && now.mtimeMs === before.mtimeMs && now.ino === before.ino) return;
  throw new Failure(
    "lease-held",
    `${path} was changed while ${meanwhile}: somebody works in it. Nothing was changed. Close it there, then try again.`,
    {},
  );
}

/**
 * Whether nothing happened to the file but a repair, wherever that was cut off: each byte is that of `before` or of `after` at its place.
 */
export async function isBetween(path: string, before: string, after: string): Promise<boolean> {
  const { size } = statSync(path);
  if (size > Math.max(statSync(before).size, statSync(after).size)) return false;
  return (await betweenTo(path, before, after)) === size;
}

/** Offset of the file's first byte that is neither that of `before` nor of `after` at its place; its size, if there is none. */
export async function betweenTo(path: string, before: string, after: string): Promise<number> {
  const fds = [path, before, after].map((name) => openSync(name, "r"));
  try {
    const [at, old, fresh] = fds as [number, number, number];
    const [a, b, c] = [Buffer.alloc(block), Buffer.alloc(block), Buffer.alloc(block)];
    const { size } = fstatSync(at);
    const pauses = new Pauses();
    for (let offset = 0; offset < size; offset += block) {
      if (pauses.isDue) await pauses.take();
      const read = readFully(at, a, offset);
      const hadOld = readFully(old, b, offset);
      const hadFresh = readFully(fresh, c, offset);
      if (read <= hadOld && a.subarray(0, read).equals(b.subarray(0, read))) continue;
      if (read <= hadFresh && a.subarray(0, read).equals(c.subarray(0, read))) continue;
      for (let byte = 0; byte < read; byte++) {
        const isOld = byte < hadOld && a[byte] === b[byte];
        if (!isOld && !(byte < hadFresh && a[byte] === c[byte])) return offset + byte;
      }
    }
    return size;
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}

/** SHA-256 of the first bytes of a file, in hex; of all of them unless told how many. */
export async function digest(path: string, bytes = Number.POSITIVE_INFINITY): Promise<string> {
  const fd = openSync(path, "r");
  try {
    const hash: Hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(block);
    const pauses = new Pauses();
    for (let at = 0; at < bytes;) {
      if (pauses.isDue) await pauses.take();
      const read = readSync(fd, buffer, 0, Math.min(block, bytes - at), at);
      if (read === 0) break;
      hash.update(buffer.subarray(0, read));
      at += read;
    }
    return hash.digest("hex");
  } finally {
    closeSync(fd);
  }
}

/** Makes durable what was written to a file. */
export async function syncFile(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes a small file whole or not at all, by rename, and durably. */
export function writeDurably(path: string, text: string): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, text, { mode: 0o600, flush: true });
  renameSync(temporary, path);
  syncPath(dirname(path));
}
