import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { hasCode } from "./system.ts";

/** Windows doesn't have it. */
const dontWait = (constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0;
/** More than any file has that is read whole: each holds what one person said, settings, or what is known of some thousand files. */
const mostBytes = 2 ** 28;

/**
 * The text of a small file, read at once. Anything else in its place is a system error, with the path: a pipe would be waited for without
 * end, and a device, or a file that a fault has made huge, takes all memory. A device that holds nothing (`/dev/null`) is an empty file.
 */
export function readText(path: string): string {
  const file = openSync(path, constants.O_RDONLY | dontWait);
  try {
    const stat = fstatSync(file);
    if (stat.isFile() && stat.size <= mostBytes) return readFileSync(file, "utf8");
    if (stat.isCharacterDevice() && readSync(file, Buffer.alloc(1)) === 0) return "";
    throw stat.isFile() ? unfit("EOVERFLOW", path) : noFile(path, stat);
  } finally {
    closeSync(file);
  }
}

/** Opens a file to be read in parts. What isn't one is a system error, with the path. */
export function openToRead(path: string): number {
  const file = openSync(path, constants.O_RDONLY | dontWait);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw noFile(path, stat);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/**
 * What isn't a file is a system error, with the path. It isn't opened to find that out: closing a database's file gives up the locks that
 * this process has on it.
 */
export function mustBeFile(path: string): void {
  const stat = statSync(path);
  if (!stat.isFile()) throw noFile(path, stat);
}

/**
 * Sees to it that there is a file for a database, for its owner alone. SQLite would wait for a pipe, and gives its other files the rights
 * of this one.
 */
export function makePrivate(path: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | dontWait, 0o600);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw noFile(path, stat);
    fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

const noFile = (path: string, stat: Stats): Error => unfit(stat.isDirectory() ? "EISDIR" : "EFTYPE", path);

/** As the system would say it, had it been asked for a file of that kind. */
const unfit = (code: string, path: string): Error =>
  Object.assign(new Error(`${code}: not such a file, open '${path}'`), { code, syscall: "open", path });

const lasting = ["EISDIR", "EFTYPE", "EOVERFLOW", "ELOOP", "EACCES", "EPERM", "EIO"];

/** Whether what can't be read stays so: not for want of open files, say. */
export const staysUnreadable = (error: unknown): boolean => hasCode(error, ...lasting);
