import { closeSync, constants, copyFileSync, fsyncSync, linkSync, openSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode, isSystemError, makeFolders, syncPath } from "./system.ts";
import { appendAll } from "./write.ts";

/**
 * Error codes of file systems without hard links, or without one from where the draft is: exFAT and some shares say `EPERM`, others the
 * rest.
 */
const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"];

/** Is given the path of a file that was made in vain. */
export type OnLeft = (path: string) => void;

/**
 * Gives the content of a durable draft a name, unless there is a file of that name: `false` then. A link is exclusive and appears with its
 * content; where there are none it is an exclusive copy, which a crash can leave unfinished. The draft stays. `onLeft` is told of a copy that
 * couldn't be made durable and can't be removed.
 */
export function placeNew(draft: string, path: string, onLeft: OnLeft = () => {}): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (!hasCode(error, ...noLinks)) throw error;
  }
  try {
    copyFileSync(draft, path, constants.COPYFILE_EXCL);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
  try {
    const copy = openSync(path, "r+");
    try {
      fsyncSync(copy);
    } finally {
      closeSync(copy);
    }
  } catch (error) {
    drop(path, onLeft);
    throw error;
  }
  return true;
}

/**
 * Writes a file that its owner alone can read: there whole and durable, or not at all. Throws `EEXIST` where one is already. `onLeft` is told
 * of each file that was made for it and can't be removed. `draft`: the file that it is until it is whole, which a process that is killed leaves.
 */
export async function writeNew(
  path: string,
  parts: AsyncIterable<string> | Iterable<string>,
  onLeft: OnLeft = () => {},
  draft = `${path}.${process.pid}.new`,
): Promise<number> {
  makeFolders(dirname(path));
  const file = openSync(draft, "wx", 0o600);
  let bytes = 0;
  try {
    for await (const part of parts) bytes += appendAll(file, Buffer.from(part));
    fsyncSync(file);
    if (!placeNew(draft, path, onLeft)) throw taken(path);
    try {
      syncPath(dirname(path));
    } catch (error) {
      // Who is told that it isn't written writes it again.
      drop(path, onLeft);
      throw error;
    }
  } finally {
    closeSync(file);
    drop(draft, onLeft);
  }
  return bytes;
}

/** Removes a file; `onLeft` is told of one that can't be removed. */
export function drop(path: string, onLeft: OnLeft): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    onLeft(path);
  }
}

const taken = (path: string): Error =>
  Object.assign(new Error(`${path} is there already`), { code: "EEXIST", syscall: "link", path });
