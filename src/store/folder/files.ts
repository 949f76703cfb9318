import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { Failure, isFailure } from "../../failure.ts";
import { crashesAt } from "../../lib/fault.ts";
import { takeBackWords } from "../../lib/owner.ts";
import { codeOf, hasCode, makeRoomWords, nearestThere, syncPath, systemWords } from "../../lib/system.ts";
import { quoted } from "../../lib/words.ts";

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_WRONLY } = constants;
/** Windows doesn't have it. */
const noLink = (constants as { O_NOFOLLOW?: number }).O_NOFOLLOW ?? 0;
/** As `open` names them, but for a link at the path's end: what it leads to may not be ours to write. */
const opening = {
  a: O_APPEND | O_CREAT | O_WRONLY | noLink,
  "a+": O_APPEND | O_CREAT | O_RDWR | noLink,
  wx: O_CREAT | O_EXCL | O_WRONLY | noLink,
  "r+": O_RDWR | noLink,
};

/**
 * Opens a file with mode 0600 whatever the umask, and never through a symbolic link. A file that was just made for this ("wx") is removed
 * again when its mode can't be set.
 */
export function openPrivate(path: string, flags: keyof typeof opening): number {
  const fd = openSync(path, opening[flags], 0o600);
  try {
    if (process.platform !== "win32" && (fstatSync(fd).mode & 0o777) !== 0o600) fchmodSync(fd, 0o600);
    return fd;
  } catch (error) {
    closeSync(fd);
    if (flags === "wx") rmSync(path, { force: true });
    throw error;
  }
}

/** Resolves when what was written to the file is durable. */
export function syncData(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error ? reject(error) : resolve()));
  });
}

/** The crash point in the middle of an append. */
export function crashHalfWritten(fd: number, bytes: Buffer): void {
  if (!crashesAt("append-half-written")) return;
  writeSync(fd, bytes.subarray(0, Math.ceil(bytes.length / 2)));
  process.kill(process.pid, "SIGKILL");
}

/** A folder that only its owner can enter, whatever the umask. False when it is there already. */
export function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
  // mkdir takes the umask's bits away, never adds any; a umask of 0277 would leave a folder that its owner can't write to.
  chmodSync(path, 0o700);
  return true;
}

/** The same, and its name is durable. */
export function makeDurableFolder(path: string): void {
  if (makeFolder(path)) syncPath(dirname(path));
}

/** Whether a symbolic link stands at the path. */
export const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

/** Throws as `openPrivate` does for a link in the place of a file: what a folder's link leads to is no part of the session either. */
export function refuseLink(path: string): void {
  const facts = { code: "ELOOP", syscall: "lstat", path };
  if (isLink(path)) throw Object.assign(new Error(`ELOOP: a link, lstat '${path}'`), facts);
}

/** Whether the error says that there is no room: on the disk, in the quota, or for so large a file. */
export function isNoRoom(error: unknown): boolean {
  return hasCode(error, "ENOSPC", "EDQUOT", "EFBIG");
}

/** The class of what the system said: full, read-only, or whatever else keeps the store from working. Failures pass as they are. */
export function storeFailure(error: unknown, path: string, kept: string): Failure {
  if (isFailure(error)) return error;
  const { path: place = path } = error as NodeJS.ErrnoException;
  const code = codeOf(error);
  if (isNoRoom(error))
    return new Failure(
      "store-full",
      `There is no room for ${path} (${code}). ${kept} ${makeRoomWords(error, path)}`,
      { path },
      { cause: error },
    );
  switch (code) {
    case "EROFS":
    case "EACCES":
    case "EPERM":
      if (isUnreadable(error)) break;
      return new Failure(
        "store-read-only",
        `${path} can't be written (${code}). ${kept} ` +
          (takeBackWords(error, place, true) ??
            `Give yourself the right to write there, or choose another home with --home: ls -ld ${quoted(nearestThere(path))}`),
        { path },
        { cause: error },
      );
  }
  const next =
    code === "EMFILE" || code === "ENFILE"
      ? "Close sessions that nobody works in, or allow more open files (ulimit -n), then try again."
      : (takeBackWords(error, place, true) ??
        `Check the disk and the folder, then try again: ls -ld ${quoted(place)}`);
  return new Failure(
    "store-unavailable",
    `${place} can't be used: ${systemWords(error)}. ${kept} ${next}`,
    { path: place },
    { cause: error },
  );
}

/** Whether what the system refused can't even be read: it isn't the right to write that is wanting then. */
function isUnreadable(error: unknown): boolean {
  const { path } = error as NodeJS.ErrnoException;
  try {
    if (path !== undefined) accessSync(path, constants.R_OK);
    return false;
  } catch (refusal) {
    return !hasCode(refusal, "ENOENT");
  }
}

/** The failure of an append to a session whose folder is gone. */
export function sessionRemoved(id: string, path: string): Failure<"session-removed"> {
  const message =
    `Session ${id} was removed while this process worked in it (${path} is gone). Nothing more is written and nothing was made anew. ` +
    "To see what is left: throughline sessions --all";
  return new Failure("session-removed", message, { path });
}
