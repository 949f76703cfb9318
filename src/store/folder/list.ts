import { lstatSync, rmSync } from "node:fs";
import { isFailure } from "../../failure.ts";
import { printableLine } from "../../lib/printable.ts";
import type { SessionSummary } from "../../session/summary.ts";
import { isTogether } from "../../session/place.ts";
import type { Holder, ListedSession, ListQuery } from "../../store.ts";
import type { Link } from "../chain.ts";
import type { KnownRow, Listing } from "../listing.ts";
import { followUps } from "./inbox.ts";
import { logPath } from "./log-file.ts";
import { type Place, survey } from "./paths.ts";
import { isShelved } from "./shelf.ts";

interface Tools {
  listing: Listing | undefined;
  summarize(id: string): Promise<SessionSummary>;
  holder(folder: string): Holder;
}

/** Logs that are read at once. */
const readAtOnce = 16;

/**
 * The folders are the truth. A row of the catalogue stands for a session as long as the log has the length that the row was made from;
 * every other log is read again. A session that can't be read is listed with what is wrong with it. Of chains of rotations every session is
 * given.
 *
 * With a workspace, a session that its row places elsewhere is given as a link only, and its log is not looked at: a session changes its
 * workspace in the hands of an owner alone, and a row says that an owner was at work before anything else changes.
 */
export async function listFolders(
  home: string,
  tools: Tools,
  { workspace, onRead }: ListQuery = {},
): Promise<{ sessions: ListedSession[]; elsewhere: Link[] }> {
  const rows = tools.listing?.rows() ?? new Map<string, KnownRow>();
  const { found, left } = survey(home, (id) => rows.has(id));
  sweep(left, tools);
  const elsewhere = new Map<string, Place>();
  const wanted = found.filter((place) => {
    const row = rows.get(place.id);
    if (workspace === undefined || !row || row.running || isTogether(row.place, workspace)) return true;
    elsewhere.set(place.id, place);
    return false;
  });
  const unknown = wanted.filter(({ id }) => !rows.has(id)).length;
  const sessions: ListedSession[] = [];
  let read = 0;
  for (let at = 0; at < wanted.length; at += readAtOnce) {
    const places = wanted.slice(at, at + readAtOnce);
    for (const session of await Promise.all(
      places.map((place) => describe(place, rows.get(place.id), tools)),
    ))
      if (session) sessions.push(session);
    read += places.filter(({ id }) => !rows.has(id)).length;
    if (unknown > 0) onRead?.(read, unknown);
  }
  // Whether a successor counts is its predecessor's log's to say, which a row may not know yet.
  for (const { rotated, parent = "" } of sessions) {
    const place = rotated && elsewhere.get(parent);
    const session = place && (await describe(place, rows.get(parent), tools));
    if (session && elsewhere.delete(parent)) sessions.push(session);
  }
  const links = [...elsewhere.keys()].flatMap((id) => rows.get(id)?.link ?? []);
  for (const { id } of found) rows.delete(id);
  if (rows.size > 0) await tools.listing?.remove([...rows.keys()]);
  sessions.sort((a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1));
  return { sessions, elsewhere: links };
}

async function describe(
  { id, path }: Place,
  row: KnownRow | undefined,
  tools: Tools,
): Promise<ListedSession | undefined> {
  const bytes = lstatSync(logPath(path), { throwIfNoEntry: false })?.size;
  if (bytes === undefined)
    return lstatSync(path, { throwIfNoEntry: false })
      ? broken({ id, path }, 0, `${logPath(path)} is missing`)
      : undefined;
  try {
    const holder = tools.holder(path);
    const held = holder.state === "held" && holder.owner ? { holder: holder.owner } : {};
    const { unreadable } = followUps([path]);
    const trouble =
      unreadable.length > 0 ? { trouble: `can't read the queued ${unreadable.join(", ")}` } : {};
    const known = row?.bytes === bytes ? row.summary() : undefined;
    if (row && known) {
      if (row.running && holder.state === "free") tools.listing?.mark(id, false);
      return { ...known, bytes, ...held, ...trouble };
    }
    const summary = await tools.summarize(id);
    if (summary.created === 0)
      return broken({ id, path }, bytes, "no line of its log is an event of a session");
    tools.listing?.put({ summary, bytes, running: holder.state === "held" });
    return { ...summary, bytes, ...held, ...trouble };
  } catch (error) {
    if (!isFailure(error) && typeof (error as NodeJS.ErrnoException).syscall !== "string") throw error;
    if (!lstatSync(path, { throwIfNoEntry: false })) return undefined;
    return broken({ id, path }, bytes, (error as Error).message);
  }
}

/** As much of a summary as there is when the log can't be read. */
function broken({ id, path }: Place, bytes: number, why: string): ListedSession {
  return {
    id,
    workspace: { path: "" },
    settings: { provider: "", model: "", instructionsHash: "", approval: "ask" },
    created: 0,
    updated: 0,
    status: "failed",
    turns: 0,
    steps: 0,
    messages: 0,
    repairs: 0,
    usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    bytes,
    ...(isShelved(path) && { archived: true }),
    trouble: printableLine(why, 400),
  };
}

/** Making a session takes milliseconds; a folder that is as old as this and has no log was left by a crash. Milliseconds. */
const longestMaking = 24 * 3_600_000;

/** Removes what a crash left of a session that was being removed, or being made by a process that is dead. */
function sweep(left: readonly Place[], tools: Tools): void {
  for (const { id, path } of left) {
    try {
      if (!id.startsWith(".gone-") && mayBeMade(path, tools)) continue;
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      // Somebody else sweeps too, or it can't be written: neither keeps the list from being made.
      if (typeof (error as NodeJS.ErrnoException).syscall !== "string") throw error;
    }
  }
}

/** Before its lease is whole a maker can't be seen to live; then only the folder's age tells. */
function mayBeMade(path: string, tools: Tools): boolean {
  const holder = tools.holder(path);
  const seen = holder.state === "held" ? holder.owner !== undefined : isThere(logPath(path));
  if (seen) return holder.state === "held";
  return Date.now() - lstatSync(path).mtimeMs < longestMaking;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
