import { lstatSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isSystemError, syncPath, systemWords } from "../../lib/system.ts";
import type { Clock } from "../../lib/clock.ts";
import { crashPoint } from "../../lib/fault.ts";
import { removeWhole } from "../../lib/remove.ts";
import type { Owner } from "../../session/event.ts";
import { takeLease, type Watching } from "./acquire.ts";
import { isLink } from "./files.ts";
import { inboxPath, moveFollowUps } from "./inbox.ts";
import type { OwnLease } from "./lease-file.ts";
import { logPath } from "./log-file.ts";

/** Which session is removed, by whom, and how. */
export interface Removing extends Watching {
  id: string;
  owner: Owner;
  clock: Clock;
  force: boolean;
  /** The folder of the session that goes on in its place; it gets what is queued. */
  heir?: string;
}

/**
 * Removes a session's folder. It leaves its name first, so that a crash never leaves half a session under it, and the lease is held until
 * then, so that nobody begins to work in what is being removed. Resolves to what the system said where a folder without a name can't be
 * emptied, or not for certain: the session is gone, and the next sweep removes the rest.
 */
export async function removeFolder(
  folder: string,
  removing: Removing,
): Promise<NodeJS.ErrnoException | undefined> {
  const lease = await fenceOff(folder, removing);
  const gone = join(dirname(folder), `.gone-${basename(folder)}`);
  try {
    crashPoint("removal-fenced");
    if (removing.heir !== undefined && !isLink(inboxPath(folder))) moveFollowUps(folder, removing.heir);
    removeWhole(gone);
    renameSync(folder, gone);
  } finally {
    lease?.release();
  }
  try {
    syncPath(dirname(folder));
    crashPoint("removal-renamed");
    removeWhole(gone);
    syncPath(dirname(folder));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return error;
  }
  crashPoint("removal-emptied");
  return undefined;
}

/** Makes durable what was removed from these folders, and takes out of `folders` where that is done. Returns what stands against it. */
export function settle(folders: Set<string>): string[] {
  return [...folders].flatMap((folder) => {
    try {
      syncPath(folder);
      folders.delete(folder);
      return [];
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return [`what was removed from ${folder} may be back after a power failure: ${systemWords(error)}`];
    }
  });
}

/** Removing always works (R21): a log that is missing, foreign, of a newer version or not to be read is no reason to keep it. */
async function fenceOff(folder: string, removing: Removing): Promise<OwnLease | undefined> {
  if (!lstatSync(logPath(folder), { throwIfNoEntry: false })) return undefined;
  return takeLease(folder, removing.id, undefined, removing.clock, removing);
}
