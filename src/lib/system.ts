import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  statfsSync,
  statSync,
} from "node:fs";
import { constants, homedir } from "node:os";
import { dirname } from "node:path";
import { quoted } from "./words.ts";

/** Whether an error is what the operating system said to a call of it, and not a mistake of this program. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof (error as NodeJS.ErrnoException | undefined)?.syscall === "string";
}

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [-number, name]),
);

/**
 * An error's code, as the system names its errors: `ENOENT`. Node has only the number of some, of `EDQUOT` and `ESTALE` too, and calls them
 * `UNKNOWN` or `Unknown system error -122` (24, 2026-11).
 */
export function codeOf(error: unknown): string | undefined {
  const { code, errno } = (error ?? {}) as NodeJS.ErrnoException;
  const isNamed = errno === undefined || !code?.toLowerCase().startsWith("unknown");
  return isNamed ? code : (names.get(errno) ?? code);
}

/** Whether an error has one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(codeOf(error) ?? "");
}

const systemCodes: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "its rights don't allow it",
  EPERM: "the system doesn't allow it",
  EISDIR: "it is a folder",
  EFTYPE: "it is no file",
  ENXIO: "it is a socket, or a device that isn't there",
  EOVERFLOW: "it is far too large",
  ENOTDIR: "a part of its path is no folder",
  EROFS: "its file system can only be read",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open on this machine",
  ELOOP: "it is a link",
  EIO: "the disk fails",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  ESTALE: "its server doesn't know it any more",
  ENOTCONN: "its disk isn't connected any more",
  EHOSTDOWN: "its server is down",
  ENODEV: "its disk is gone",
  EBUSY: "it is in use",
  EINTR: "the system broke off",
  ENOMEM: "there is no memory left",
  EFBIG: "it would be larger than a file may be (ulimit -f)",
};

/** An error's message, with a name and words for what Node has only a number for: `ESTALE: its server doesn't know it any more, open 'a'`. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  if (code === undefined || code === (error as NodeJS.ErrnoException).code) return error.message;
  const words = systemCodes[code];
  // `spawn sh Unknown system error -116`, beside what files fail with.
  return error.message.replace(
    /^unknown[^,]*|unknown system error -\d+$/iu,
    words === undefined ? code : `${code}: ${words}`,
  );
}

/** A system error in words, with its code for those who search for it. */
export function systemWords(error: unknown): string {
  const message = messageOf(error);
  const code = codeOf(error);
  const words = code === undefined ? undefined : systemCodes[code];
  if (words !== undefined) return `${words} (${code})`;
  // What rmSync says of EROFS and EIO, with an empty code (Node 24, 2026-11).
  const unnamed = /^, Unknown error: (.+?) '/u.exec(message)?.[1];
  return unnamed === undefined ? message : `the system says "${unnamed}"`;
}

/** The person's own folder; empty where nobody knows of one: without `HOME`, for a user who has no entry, as in some containers. */
export function ownFolder(): string {
  return ifPossible(homedir) ?? "";
}

/**
 * Makes a folder, and those above it, for their owner alone. Node's own `recursive` says that there is no such file where the file system can
 * only be read (24, 2026-11), and is to blame for nothing then.
 */
export function makeFolders(path: string): void {
  if (existsSync(path)) return;
  // The root of a drive that isn't there (Windows) has nothing above it.
  if (dirname(path) !== path) makeFolders(dirname(path));
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
  if (hasCode(error, "EDQUOT"))
    return "Remove what you don't need there, or have the quota raised, then try again: quota -s";
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

/** What this gives, or `undefined` where the system refuses it. */
export function ifPossible<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

/** Whether two paths lead to one file, whatever links and names of folders are on the way. `false` where one of them is missing. */
export function isSameFile(path: string, other: string): boolean {
  if (!existsSync(path) || !existsSync(other)) return false;
  const [one, two] = [statSync(path), statSync(other)];
  return one.ino === two.ino && one.dev === two.dev;
}

/** Whether something is there, as `existsSync` tells, which takes what the system can't look at for gone: this throws what it says. */
export function isPresent(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Bytes of a file, for a progress bar: none where it can't be looked at. */
export function sizeIfSeen(path: string): number {
  return ifPossible(() => statSync(path, { throwIfNoEntry: false })?.size) ?? 0;
}

/** Makes a file's bytes, or the entries of a folder (files made, renamed or removed in it), durable. */
export function syncPath(path: string): void {
  if (process.platform === "win32") return;
  const fd = openSync(path, "r");
  try {
    syncOpen(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * The same for what is open. Of a folder as far as there is a way to: some file systems have none and say EINVAL (VirtualBox's shared folders,
 * some of FUSE).
 */
export function syncOpen(fd: number): void {
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!hasCode(error, "EINVAL") || !fstatSync(fd).isDirectory()) throw error;
  }
}
