import { fchownSync, fstatSync, lstatSync } from "node:fs";
import { dirname } from "node:path";
import { hasCode, isSystemError, nearestThere } from "./system.ts";
import { quoted } from "./words.ts";

/** Whose a file is: numbers of its user and its group. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What a system says that gives no file away: to this user, to that one, or on that disk. */
const refusals: ReadonlySet<string | undefined> = new Set(["EPERM", "EINVAL", "ENOSYS", "ENOTSUP"]);

/**
 * Gives an open file to the owner of another one, as far as the system lets this user: only root can (in a container, with the files of its
 * host's user).
 */
export function giveTo(file: number, { uid, gid }: Owner): void {
  const { uid: own, gid: ownGroup } = fstatSync(file);
  if (own === uid && ownGroup === gid) return;
  for (const user of [uid, own]) {
    try {
      fchownSync(file, user, gid);
      return;
    } catch (error) {
      if (!isSystemError(error) || !refusals.has(error.code)) throw error;
    }
  }
}

const ownerOf = (path: string): number | undefined => lstatSync(path, { throwIfNoEntry: false })?.uid;

/**
 * What a person does about what may not be used because it is root's in a folder of their own, as one command under sudo leaves it: words
 * that end in the command. `undefined` where that isn't the cause. `isOwnFolder`: the whole folder around a file is this program's, and may
 * hold more of root's.
 */
export function takeBackWords(error: unknown, path: string, isOwnFolder = false): string | undefined {
  const own = process.geteuid?.();
  if (own === undefined || own === 0 || !hasCode(error, "EACCES", "EPERM")) return undefined;
  let place = nearestThere(path);
  if (ownerOf(place) !== 0) return undefined;
  while (ownerOf(dirname(place)) === 0 && dirname(place) !== place) place = dirname(place);
  if (ownerOf(dirname(place)) !== own) return undefined;
  const isFolder = lstatSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  const what = isFolder || !isOwnFolder ? place : dirname(place);
  const all = isFolder || isOwnFolder ? "-R " : "";
  return `${place === path ? "It" : place} is root's, as one command under sudo leaves it. Make it yours again: sudo chown ${all}$(whoami): ${quoted(what)}`;
}
