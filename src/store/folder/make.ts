import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isSystemError, syncPath } from "../../lib/system.ts";
import { Failure } from "../../failure.ts";
import type { Clock } from "../../lib/clock.ts";
import { type CrashPoint, crashPoint } from "../../lib/fault.ts";
import { schemaVersion, type Owner } from "../../session/event.ts";
import type { Append, LogVisitor } from "../../store.ts";
import type { Listing } from "../listing.ts";
import { writeDraft } from "./draft-file.ts";
import { FileSource } from "./file-source.ts";
import { makeDurableFolder, makeFolder, storeFailure } from "./files.ts";
import { FolderSession } from "./folder-session.ts";
import { inboxPath } from "./inbox.ts";
import { spoolPath } from "./paths.ts";
import { OwnLease } from "./lease-file.ts";
import { LogFile, logPath } from "./log-file.ts";

/** What a session's folder is made of. */
export interface Making {
  id: string;
  folder: string;
  owner: Owner;
  clock: Clock;
  listing: Listing | undefined;
  /** Everything that its log holds to begin with, in groups. */
  events: AsyncIterable<readonly Append[]>;
  /** As `Beginning` has it. */
  visitor: LogVisitor | undefined;
  /** Passed before the first event, when the log is whole, and when the folder has its name. */
  points: { begun: CrashPoint; built?: CrashPoint; renamed?: CrashPoint };
}

/** A session's folder, made under another name and renamed when it is whole, so that a crash leaves a session or none. */
export async function makeSession(making: Making): Promise<FolderSession> {
  const { id, folder, owner, clock, listing, events, points, visitor } = making;
  const temporary = join(dirname(folder), `.new-${id}-${process.pid}`);
  let isNamed = false;
  let lease: OwnLease | undefined;
  let log: LogFile | undefined;
  try {
    if (existsSync(folder)) throw sessionExists(id, folder);
    makeFolderAndParents(dirname(folder));
    rmSync(temporary, { recursive: true, force: true });
    for (const path of [temporary, inboxPath(temporary), spoolPath(temporary)]) makeFolder(path);
    crashPoint(points.begun);
    lease = OwnLease.take(temporary, { fence: 1, schema: schemaVersion, owner, beat: 0, released: false })!;
    const nextSeq = await writeDraft(logPath(temporary), events, { fence: 1, clock, visitor });
    syncPath(temporary);
    if (points.built) crashPoint(points.built);
    if (existsSync(folder)) throw sessionExists(id, folder);
    renameSync(temporary, folder);
    isNamed = true;
    syncPath(dirname(folder));
    lease.movedTo(folder);
    if (points.renamed) crashPoint(points.renamed);
    log = new LogFile(folder, id, lease, clock);
    const report = { bytes: log.length, nextSeq, damage: [] };
    return new FolderSession({
      id,
      folder,
      lease,
      log,
      source: new FileSource(folder),
      report,
      clock,
      listing,
    });
  } catch (error) {
    log?.close();
    const isGone = discard(temporary, isNamed ? folder : undefined);
    lease?.release();
    const left = isGone ? "No session was made." : "What was made of the session may be there still.";
    throw isSystemError(error) ? storeFailure(error, folder, left) : error;
  }
}

/** What has its name already loses that first, so that a crash never leaves half a session under it. */
function discard(temporary: string, named: string | undefined): boolean {
  try {
    if (named !== undefined) renameSync(named, temporary);
    rmSync(temporary, { recursive: true, force: true });
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}

function makeFolderAndParents(path: string): void {
  if (!existsSync(dirname(path))) makeFolderAndParents(dirname(path));
  makeDurableFolder(path);
}

/** For an id that a session has already. */
export function sessionExists(id: string, path: string): Failure<"usage"> {
  return new Failure(
    "usage",
    `Session ${id} exists already (${path}); nothing was changed. See it with: throughline show ${id}`,
    {},
  );
}
