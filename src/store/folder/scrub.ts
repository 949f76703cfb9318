import { closeSync, fsyncSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { appendAll } from "../../lib/write.ts";
import { syncPath } from "../../lib/system.ts";
import { crashPoint } from "../../lib/fault.ts";
import { removeWhole } from "../../lib/remove.ts";
import type { NewEvent, SessionEvent } from "../../session/event.ts";
import { encodeLine } from "../line.ts";
import { makeFolder, openPrivate } from "./files.ts";
import { inboxPath } from "./inbox.ts";
import { spoolPath } from "./paths.ts";
import { logPath } from "./log-file.ts";

/** What stays beside the log: leases, and the mark of an archived session. */
const kept = /^(?:log\.jsonl|lease\.\d+\.json|archived)$/u;

/**
 * Puts these events in the place of the log and removes everything else of the session. False when `own` says that the session isn't
 * ours any more; nothing was changed then. Cut off in the middle it can be done again.
 */
export function scrubFolder(
  folder: string,
  fence: number,
  at: number,
  events: readonly NewEvent[],
  own: () => boolean,
): boolean {
  const made = join(folder, "log.scrubbed");
  rmSync(made, { force: true });
  const fd = openPrivate(made, "wx");
  try {
    const lines = events.map((event, seq) => encodeLine({ seq, fence, at, ...event } as SessionEvent).bytes);
    const bytes = Buffer.concat(lines);
    appendAll(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  crashPoint("scrub-written");
  if (!own()) {
    rmSync(made, { force: true });
    return false;
  }
  renameSync(made, logPath(folder));
  syncPath(folder);
  crashPoint("scrub-renamed");
  for (const name of readdirSync(folder)) if (!kept.test(name)) removeWhole(join(folder, name));
  crashPoint("scrub-swept");
  for (const path of [inboxPath(folder), spoolPath(folder)]) makeFolder(path);
  syncPath(folder);
  return true;
}
