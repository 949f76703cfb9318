import { lstatSync, rmSync } from "node:fs";
import { relative, sep } from "node:path";
import { isFailure } from "../../failure.ts";
import { printableLine } from "../../lib/printable.ts";
import type { SessionSummary } from "../../session/summary.ts";
import type { Holder, ListedSession } from "../../store.ts";
import type { Listing } from "../listing.ts";
import { followUps } from "./inbox.ts";
import { logPath } from "./log-file.ts";
import { isShelved } from "./shelf.ts";
import { leftovers, places, type Place } from "./paths.ts";

interface Tools {
  listing: Listing | undefined;
  summarize(id: string): Promise<SessionSummary>;
  holder(folder: string): Holder;
}

/**
 * The folders are the truth. A row of the catalogue stands for a session as long as the log has the length that the row was made from;
 * every other log is read again. A session that can't be read is listed with what is wrong with it. Of chains of rotations every session is
 * given.
 */
export async function listFolders(home: string, tools: Tools): Promise<ListedSession[]> {
  sweep(home, tools);
  const rows = tools.listing?.rows();
  const found = places(home);
  const listed: ListedSession[] = [];
  for (const place of found) {
    const row = rows?.get(place.id);
    const session = await describe(place, row, tools);
    if (session) listed.push(session);
  }
  const known = new Set(found.map((place) => place.id));
  const stale = [...(rows?.keys() ?? [])].filter((id) => !known.has(id));
  if (stale.length > 0) await tools.listing?.remove(stale);
  return listed.sort((a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1));
}

async function describe(
  { id, path }: Place,
  row: ReturnType<Listing["rows"]> extends Map<string, infer R> ? R | undefined : never,
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
    if (row?.bytes === bytes) {
      if (row.running && holder.state === "free") tools.listing?.mark(id, false);
      return { ...row.summary, bytes, ...held, ...trouble };
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

/** A session that can't say where it belongs belongs everywhere: it must not be hidden. */
export function belongs({ workspace }: ListedSession, path: string): boolean {
  if (workspace.path === "") return true;
  return (
    workspace.gitRoot === path ||
    isWithin(workspace.path, path) ||
    (workspace.gitRoot !== undefined && isWithin(path, workspace.gitRoot))
  );
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !way.startsWith(sep));
}

/** Making a session takes milliseconds; a folder that is as old as this and has no log was left by a crash. Milliseconds. */
const longestMaking = 24 * 3_600_000;

/** Removes what a crash left of a session that was being removed, or being made by a process that is dead. */
function sweep(home: string, tools: Tools): void {
  for (const { id, path } of leftovers(home)) {
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
