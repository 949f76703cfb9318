import { lstatSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { crashPoint } from "../../lib/fault.ts";
import { syncPath } from "../../lib/system.ts";
import type { Append, SessionLog } from "../../store.ts";
import { writeDraft } from "./draft-file.ts";
import { leaseLost, leaseNumbers } from "./lease-file.ts";
import { logPath } from "./log-file.ts";
import { names } from "./paths.ts";

const madeName = "log.rewritten";

/** Removes what owners left that were killed or replaced while they made a new log, for the next owner. */
export function dropRewritten(folder: string): void {
  for (const name of names(folder)) {
    const path = join(folder, name);
    // A folder of that name is nobody's log, and in nobody's way.
    if (name.startsWith(madeName) && !lstatSync(path, { throwIfNoEntry: false })?.isDirectory())
      rmSync(path, { force: true });
  }
}

/**
 * Puts these events in the place of the log, which is whole under its name at every moment: the old one until the new one is durable.
 * Throws `lease-lost` when the session isn't the log's owner's any more; nothing was changed then.
 */
export async function rewriteLog(
  folder: string,
  { id, fence, lost }: SessionLog,
  clock: Clock,
  events: AsyncIterable<readonly Append[]> | Iterable<readonly Append[]>,
): Promise<void> {
  // An owner that was replaced, and doesn't know it yet, must not touch what the next one makes.
  const made = join(folder, `${madeName}.${fence}`);
  rmSync(made, { force: true });
  try {
    await writeDraft(made, events, { fence, clock });
    crashPoint("rewrite-written");
    if (lost.aborted || leaseNumbers(folder).at(-1) !== fence) throw leaseLost(folder, id, fence, clock);
    renameSync(made, logPath(folder));
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  }
  syncPath(folder);
  crashPoint("rewrite-renamed");
}
