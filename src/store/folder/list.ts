import { lstatSync } from "node:fs";
import { isSystemError, systemWords } from "../../lib/system.ts";
import { isFailure } from "../../failure.ts";
import { printableLine } from "../../lib/printable.ts";
import { removeWhole } from "../../lib/remove.ts";
import type { SessionSummary } from "../../session/summary.ts";
import { isTogether, type Place } from "../../session/place.ts";
import { noUsage } from "../../session/usage.ts";
import type { ListedSession, ListQuery } from "../../store.ts";
import { noEvent } from "../damage.ts";
import type { KnownRow, KnownRows, Listing } from "../listing.ts";
import type { Listed, Reference } from "../selection.ts";
import { holderOf } from "./holder.ts";
import { followUps, inboxPath } from "./inbox.ts";
import { logPath } from "./log-file.ts";
import { isThere, type SessionFolder, survey } from "./paths.ts";
import { isShelved } from "./shelf.ts";

interface Tools {
  listing: Listing | undefined;
  summarize(id: string): Promise<SessionSummary>;
  signal?: AbortSignal;
}

/** Logs that are read at once. */
const readAtOnce = 16;

/**
 * The folders are the truth. A row of the catalogue stands for a session as long as the log has the length that the row was made from;
 * every other log is read again. A session that can't be read is listed with what is wrong with it. Of chains of rotations every session is
 * given.
 *
 * With a workspace or a reference, a session that its row places elsewhere, or names otherwise, is given as a link only, and its log is not
 * looked at: a session changes its workspace and its name in the hands of an owner alone, and a row says that an owner was at work before
 * anything else changes.
 */
export async function listFolders(
  home: string,
  tools: Tools,
  { workspace, reference, onRead }: ListQuery & { reference?: Reference } = {},
): Promise<Listed> {
  const isPlace = workspace && ((at: Place): boolean => isTogether(at, workspace));
  const { ids, rows } = tools.listing?.rows(isPlace ? { isPlace } : reference) ?? none;
  const isWanted = (id: string, row: KnownRow | undefined): boolean => {
    if (!ids.has(id) || row?.running) return true;
    if (isPlace) return row !== undefined && isPlace(row.place);
    if (!reference) return true;
    return row?.name === reference.name || (reference.id !== undefined && id.startsWith(reference.id));
  };
  const { found, left } = survey(home, (id) => ids.has(id));
  sweep(left);
  const sessions: ListedSession[] = [];
  const elsewhere = new Map<string, SessionFolder>();
  const asked: SessionFolder[] = [];
  for (const folder of found) {
    const row = rows.get(folder.id);
    if (!isWanted(folder.id, row)) {
      elsewhere.set(folder.id, folder);
      continue;
    }
    const session = row && remembered(folder, row, tools);
    if (session) sessions.push(session);
    else asked.push(folder);
  }
  const total = asked.filter(({ id }) => !ids.has(id)).length;
  let read = 0;
  for (let at = 0; at < asked.length; at += readAtOnce) {
    tools.signal?.throwIfAborted();
    const some = asked.slice(at, at + readAtOnce);
    for (const session of await Promise.all(
      some.map((folder) => describe(folder, rows.get(folder.id), tools)),
    ))
      if (session) sessions.push(session);
    read += some.filter(({ id }) => !ids.has(id)).length;
    if (total > 0) onRead?.(read, total);
  }
  // Whether a successor counts is its predecessor's log's to say, which a row may not know yet.
  for (const { rotated, parent = "" } of sessions) {
    const folder = rotated && elsewhere.get(parent);
    const session = folder && (await describe(folder, rows.get(parent), tools));
    if (session && elsewhere.delete(parent)) sessions.push(session);
  }
  await forget(ids, found, tools);
  sessions.sort((a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1));
  return { sessions, elsewhere: [...elsewhere.keys()].map((id) => rows.get(id)?.link ?? { id }) };
}

const none: KnownRows = { ids: new Set(), rows: new Map() };

/** Removes the rows of sessions that are gone. */
async function forget(
  ids: ReadonlySet<string>,
  found: readonly SessionFolder[],
  { listing }: Tools,
): Promise<void> {
  if (found.filter(({ id }) => ids.has(id)).length === ids.size) return;
  const there = new Set(found.map(({ id }) => id));
  await listing?.remove([...ids].filter((id) => !there.has(id)));
}

/**
 * The session as its row says, when that is sure without a look at its lease: a row that doesn't say that somebody is at work was made, or
 * marked, when nobody was, and whoever takes the session appends to its log first of all.
 */
function remembered(folder: SessionFolder, row: KnownRow, tools: Tools): ListedSession | undefined {
  if (row.running) return undefined;
  try {
    const bytes = lstatSync(logPath(folder.path), { throwIfNoEntry: false })?.size;
    if (bytes !== row.bytes) return undefined;
    const summary = row.summary();
    return summary && Object.assign(summary, { bytes }, inboxTrouble(folder, row, tools));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}

async function describe(
  { id, path }: SessionFolder,
  row: KnownRow | undefined,
  tools: Tools,
): Promise<ListedSession | undefined> {
  let bytes = 0;
  try {
    // Before the lease: whoever takes it after the look at it makes the log longer than this.
    const log = lstatSync(logPath(path), { throwIfNoEntry: false });
    if (!log)
      return lstatSync(path, { throwIfNoEntry: false })
        ? broken({ id, path }, row, bytes, `${logPath(path)} is missing`)
        : undefined;
    bytes = log.size;
    const isStill = (): boolean => lstatSync(logPath(path), { throwIfNoEntry: false })?.ino === log.ino;
    const holder = holderOf(path);
    const held = holder.state === "held" && holder.owner ? { holder: holder.owner } : {};
    const known = row?.bytes === bytes ? row.summary() : undefined;
    if (row && known) {
      if (row.running && holder.state === "free") tools.listing?.markIdle(id, bytes);
      return { ...known, bytes, ...held, ...inboxTrouble({ id, path }, row, tools) };
    }
    const summary = await tools.summarize(id);
    if (summary.created === 0) return broken({ id, path }, row, bytes, noEvent);
    tools.listing?.put({ summary, bytes, running: holder.state === "held" }, isStill);
    return { ...summary, bytes, ...held, ...inboxTrouble({ id, path }, row, tools) };
  } catch (error) {
    if (!isFailure(error) && !isSystemError(error)) throw error;
    if (!lstatSync(path, { throwIfNoEntry: false })) return undefined;
    return broken({ id, path }, row, bytes, troubleWords(error, path));
  }
}

function troubleWords(error: unknown, path: string): string {
  if (!isSystemError(error)) return (error as Error).message;
  return `${error.path ?? path} can't be used: ${systemWords(error)}`;
}

/** What can't be read in the inbox. It is looked at again when something was put there or taken out. */
function inboxTrouble(
  { id, path }: SessionFolder,
  row: KnownRow | undefined,
  { listing }: Tools,
): { trouble?: string } {
  const changed = lstatSync(inboxPath(path), { throwIfNoEntry: false })?.mtimeMs;
  if (changed === undefined || changed === row?.inbox) return {};
  try {
    const { unreadable } = followUps([path]);
    if (unreadable.length > 0)
      return { trouble: `can't read the queued ${unreadable.map((each) => each.path).join(", ")}` };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { trouble: `can't read the queue in ${inboxPath(path)}: ${systemWords(error)}` };
  }
  listing?.markInbox(id, changed);
  return {};
}

/** As much of a summary as there is when the log can't be read; by the name or title that the catalogue remembers a person knows the session. */
function broken(
  { id, path }: SessionFolder,
  row: KnownRow | undefined,
  bytes: number,
  why: string,
): ListedSession {
  const { name, title } = row?.summary() ?? {};
  return {
    id,
    ...(name !== undefined && { name }),
    ...(title !== undefined && { title }),
    workspace: { path: "" },
    settings: { provider: "", model: "", instructionsHash: "", approval: "ask" },
    created: 0,
    updated: 0,
    status: "failed",
    turns: 0,
    steps: 0,
    messages: 0,
    repairs: 0,
    usage: noUsage,
    bytes,
    ...(seemsShelved(path) && { archived: true }),
    trouble: printableLine(why, 400),
  };
}

/** A folder that can't be entered shows no mark. */
function seemsShelved(path: string): boolean {
  try {
    return isShelved(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}

/** Making a session takes milliseconds; a folder that is as old as this and has no log was left by a crash. Milliseconds. */
const longestMaking = 24 * 3_600_000;

/** Removes what a crash left of a session that was being removed, or being made by a process that is dead. */
function sweep(left: readonly SessionFolder[]): void {
  for (const { id, path } of left) {
    try {
      if (!id.startsWith(".gone-") && mayBeMade(path)) continue;
      removeWhole(path);
    } catch (error) {
      // Somebody else sweeps too, or it can't be written: neither keeps the list from being made.
      if (!isSystemError(error)) throw error;
    }
  }
}

/** Before its lease is whole a maker can't be seen to live; then only the folder's age tells. */
function mayBeMade(path: string): boolean {
  const holder = holderOf(path);
  const seen = holder.state === "held" ? holder.owner !== undefined : isThere(logPath(path));
  if (seen) return holder.state === "held";
  return Date.now() - lstatSync(path).mtimeMs < longestMaking;
}
