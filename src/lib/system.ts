import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statfsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname } from "node:path";
import { quoted } from "./words.ts";

/** Whether an error is what the operating system said to a call of it, and not a mistake of this program. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof (error as NodeJS.ErrnoException | undefined)?.syscall === "string";
}

/** Whether an error has one of these codes, as the system names its errors: `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

/** The person's own folder; empty where nobody knows of one: without `HOME`, for a user who has no entry, as in some containers. */
export function ownFolder(): string {
  try {
    return homedir();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return "";
  }
}

/**
 * Makes a folder, and those above it, for their owner alone. Node's own `recursive` says that there is no such file where the file system can
 * only be read (24, 2026-11), and is to blame for nothing then.
 */
export function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isSystemError(error) || error.code !== "EEXIST") throw error;
    // A link that leads nowhere, which the system would blame on what is to be made in it.
    if (!existsSync(path)) throw Object.assign(error, { code: "ENOTDIR" });
  }
}

/** The path, or the nearest folder above it that is there: a command that is to show the place can't name what was not made. */
export function nearestThere(path: string): string {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}

/**
 * What a person does where the system says that there is no room: words that end in a command to look with. `path`: what there is no room
 * for, absent where nobody knows.
 */
export function makeRoomWords(error: unknown, path?: string): string {
  if (hasCode(error, "EFBIG"))
    return "Allow larger files, or move to a disk that does, then try again: ulimit -f";
  const place = path === undefined ? undefined : nearestThere(path);
  const at = place === undefined ? "" : ` ${quoted(place)}`;
  if (place !== undefined && isOutOfFiles(place))
    return `No more files fit on that disk, although it has room: remove some, then try again: df -i${at}`;
  return `Make room on that disk, then try again: df -h${at}`;
}

/** Whether a disk has taken as many files as it can while there is room for more bytes. One that counts no files has 0 of 0. */
function isOutOfFiles(path: string): boolean {
  try {
    const { files, ffree, bavail } = statfsSync(path);
    return files > 0 && ffree === 0 && bavail > 0;
  } catch {
    return false;
  }
}

/** Whether two paths lead to one file, whatever links and names of folders are on the way. `false` where one of them is missing. */
export function isSameFile(path: string, other: string): boolean {
  if (!existsSync(path) || !existsSync(other)) return false;
  const [one, two] = [statSync(path), statSync(other)];
  return one.ino === two.ino && one.dev === two.dev;
}

/** Bytes of a file, for a progress bar: none where it can't be looked at. */
export function sizeIfSeen(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return 0;
  }
}

/** Makes a file's bytes, or the entries of a folder (files made, renamed or removed in it), durable. */
export function syncPath(path: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
