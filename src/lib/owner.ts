import { fchownSync, fstatSync } from "node:fs";
import { isSystemError } from "./system.ts";

/** Whose a file is: numbers of its user and its group. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What a system says that gives no file away: to this user, to that one, or on that disk. */
const refusals: ReadonlySet<string | undefined> = new Set(["EPERM", "EINVAL", "ENOSYS", "ENOTSUP"]);

/** Leaves an open file to whom another one belonged, as far as the system lets this user: only root can (in a container, with the files of its host's user). */
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
