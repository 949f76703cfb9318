import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { crashPoint } from "../../lib/fault.ts";
import { removeWhole } from "../../lib/remove.ts";
import { syncPath } from "../../lib/system.ts";
import type { NewEvent } from "../../session/event.ts";
import type { SessionLog } from "../../store.ts";
import { makeFolder } from "./files.ts";
import { inboxPath } from "./inbox.ts";
import { spoolPath } from "./paths.ts";
import { rewriteLog } from "./rewrite.ts";

/** What stays beside the log: leases, and the mark of an archived session. */
const kept = /^(?:log\.jsonl|lease\.\d+\.json|archived)$/u;

/**
 * Puts these events in the place of the log (`rewriteLog`) and removes everything else of the session. Cut off in the middle it can be
 * done again.
 */
export async function scrubFolder(
  folder: string,
  log: SessionLog,
  clock: Clock,
  events: readonly NewEvent[],
): Promise<void> {
  await rewriteLog(folder, log, clock, [events.map((event) => ({ event }))]);
  for (const name of readdirSync(folder)) if (!kept.test(name)) removeWhole(join(folder, name));
  crashPoint("scrub-swept");
  for (const path of [inboxPath(folder), spoolPath(folder)]) makeFolder(path);
  syncPath(folder);
}
