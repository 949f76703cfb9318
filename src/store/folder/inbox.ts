import { closeSync, existsSync, fsyncSync, lstatSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { appendAll } from "../../lib/write.ts";
import { readText, staysUnreadable } from "../../lib/open-file.ts";
import { hasCode, syncPath } from "../../lib/system.ts";
import { z } from "zod";
import { crashPoint } from "../../lib/fault.ts";
import { parseJson } from "../../lib/json.ts";
import type { DeadFollowUp, FollowUp, QueuedFollowUp, UnreadableFollowUp } from "../../store.ts";
import { makeDurableFolder, openPrivate, refuseLink } from "./files.ts";
import { names } from "./paths.ts";

const followUp = z.object({
  id: z.string(),
  at: z.number(),
  text: z.string(),
  mode: z.enum(["followup", "steer"]).default("followup"),
});
const deadFollowUp = followUp.extend({ why: z.string() });

/**
 * `<id>.json`, or `<id>.<n>.json` once its delivery was begun n times: counting by rename fails when the follow-up was dropped meanwhile.
 */
const fileName = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.([1-9]\d*))?\.json$/u;
/** The name of an unfinished file that a sender left when it died. */
const hiddenName = /^\.[0-9a-f-]{36}\.\d+$/u;
const longestWriting = 24 * 3_600_000;

/** The folder of a session's follow-ups. */
export const inboxPath = (folder: string): string => join(folder, "inbox");
const deadPath = (folder: string): string => join(inboxPath(folder), "dead");

/** Durable when it returns: written whole under another name, then renamed. False where one was there under its id. */
export function putFollowUp(folder: string, { id, at, text, mode }: FollowUp): boolean {
  return put(inboxPath(folder), id, { id, at, text, mode });
}

function put(into: string, id: string, content: object): boolean {
  if (!fileName.test(`${id}.json`)) throw new TypeError(`a follow-up's id is a UUID, not "${id}"`);
  refuseLink(into);
  makeDurableFolder(into);
  const hidden = join(into, `.${id}.${process.pid}`);
  const path = join(into, `${id}.json`);
  // One whose delivery was begun has another name.
  const isNew = !namesIn(into).some((name) => fileName.exec(name)?.[1] === id);
  const fd = openPrivate(hidden, "wx");
  try {
    const bytes = Buffer.from(`${JSON.stringify(content)}\n`);
    appendAll(fd, bytes);
    fsyncSync(fd);
    crashPoint("follow-up-written");
    renameSync(hidden, path);
    syncPath(into);
    return isNew;
  } catch (error) {
    // Who is told that it isn't queued queues it again; one that was queued before under the same id stays.
    for (const left of isNew ? [hidden, path] : [hidden]) rmSync(left, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

interface Entry {
  id: string;
  begun: number;
  path: string;
}

/** How often the folders are read at most to see all that is in them. */
const mostLooks = 20;

/**
 * The follow-ups of these folders, the oldest folder first: what moves between them moves to a later one, so that none is missed. A
 * folder that is read while files come may show a file and not one that came before it; the next look shows both. So it is looked until
 * nothing new is seen; and while more comes all the time, what follows the first new one in order is left for the next time.
 */
function entriesOf(folders: readonly string[]): Entry[] {
  let before = new Set<string>();
  for (let looks = 1; ; looks++) {
    const found = new Map(folders.flatMap(entriesIn).map((entry) => [entry.id, entry]));
    const sorted = [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const isNew = sorted.findIndex(({ id }) => !before.has(id));
    if (isNew < 0) return sorted;
    if (looks >= mostLooks && isNew > 0) return sorted.slice(0, isNew);
    before = new Set(found.keys());
  }
}

function entriesIn(folder: string): Entry[] {
  return namesIn(inboxPath(folder)).flatMap((name) => {
    const [, id, begun = "0"] = fileName.exec(name) ?? [];
    return id === undefined ? [] : [{ id, begun: Number(begun), path: join(inboxPath(folder), name) }];
  });
}

function namesIn(path: string): string[] {
  refuseLink(path);
  return names(path);
}

/** In the order of their ids. A file that can't be read is kept and named in `unreadable`. */
export function followUps(folders: readonly string[]): {
  queued: QueuedFollowUp[];
  unreadable: UnreadableFollowUp[];
} {
  const queued: QueuedFollowUp[] = [];
  const unreadable: UnreadableFollowUp[] = [];
  for (const { id, begun, path } of entriesOf(folders)) {
    const text = readIfThere(path);
    // Delivered, dropped or moved meanwhile.
    if (text === undefined) continue;
    const read = followUp.safeParse(parseJson(text));
    if (read.success && read.data.id === id) queued.push({ ...read.data, begun });
    else unreadable.push({ id, path });
  }
  return { queued, unreadable };
}

/** False when it isn't there. */
export function beginFollowUp(folders: readonly string[], id: string): boolean {
  const entry = find(folders, id);
  if (!entry) return false;
  const begun = entry.path.replace(/(?:\.\d+)?\.json$/u, `.${entry.begun + 1}.json`);
  return ifThere(() => renameSync(entry.path, begun));
}

/** False when it isn't there. */
export function takeFollowUp(folders: readonly string[], id: string): boolean {
  let taken = false;
  for (let entry = find(folders, id); entry; entry = find(folders, id)) {
    const { path } = entry;
    taken = ifThere(() => unlinkSync(path)) || taken;
  }
  if (taken) for (const folder of folders) if (existsSync(inboxPath(folder))) syncPath(inboxPath(folder));
  return taken;
}

function find(folders: readonly string[], id: string): Entry | undefined {
  for (const folder of folders) {
    const entry = entriesIn(folder).find((each) => each.id === id);
    if (entry) return entry;
  }
  return undefined;
}

/** Gives everything that waits in one folder to another. A rename each, so that a follow-up is in one of them at any time. */
export function moveFollowUps(from: string, to: string, only?: string): void {
  const entries = entriesIn(from).filter(({ id }) => only === undefined || id === only);
  if (entries.length === 0) return;
  refuseLink(inboxPath(to));
  makeDurableFolder(inboxPath(to));
  for (const { path } of entries) {
    const name = path.slice(inboxPath(from).length + 1);
    ifThere(() => renameSync(path, join(inboxPath(to), name)));
  }
  for (const folder of [to, from]) syncPath(inboxPath(folder));
}

/** It lies with the dead before it leaves the inbox; whoever finds it in both removes it from the inbox. */
export function buryFollowUp(folder: string, { id, at, text, mode, why }: DeadFollowUp): void {
  makeDurableFolder(inboxPath(folder));
  put(deadPath(folder), id, { id, at, text, mode, why });
}

/** The follow-ups that will not be delivered, in the order of their ids. */
export function deadFollowUps(folders: readonly string[]): {
  dead: DeadFollowUp[];
  unreadable: UnreadableFollowUp[];
} {
  const dead: DeadFollowUp[] = [];
  const unreadable: UnreadableFollowUp[] = [];
  for (const folder of folders) {
    for (const name of namesIn(deadPath(folder))) {
      const id = fileName.exec(name)?.[1];
      const path = join(deadPath(folder), name);
      const text = id === undefined ? undefined : readIfThere(path);
      if (id === undefined || text === undefined) continue;
      const read = deadFollowUp.safeParse(parseJson(text));
      if (read.success) dead.push(read.data);
      else unreadable.push({ id, path });
    }
  }
  return { dead: dead.sort((a, b) => (a.id < b.id ? -1 : 1)), unreadable };
}

/** Removes what senders left that died before their follow-up had its name. */
export function tidyInbox(folder: string, now: number): void {
  for (const name of namesIn(inboxPath(folder)).filter((each) => hiddenName.test(each))) {
    const path = join(inboxPath(folder), name);
    const { mtimeMs = now } = lstatSync(path, { throwIfNoEntry: false }) ?? {};
    if (now - mtimeMs > longestWriting) rmSync(path, { force: true });
  }
}

/** False when it isn't there. */
export function takeDead(folders: readonly string[], id: string): boolean {
  if (!fileName.test(`${id}.json`)) return false;
  for (const folder of folders) refuseLink(deadPath(folder));
  return folders
    .map((folder) => ifThere(() => unlinkSync(join(deadPath(folder), `${id}.json`))))
    .some(Boolean);
}

/** `undefined` when it isn't there; nothing where it can't be read, as no follow-up is written. */
function readIfThere(path: string): string | undefined {
  let text: string | undefined;
  ifThere(() => {
    try {
      text = readText(path);
    } catch (error) {
      if (!staysUnreadable(error)) throw error;
      text = "";
    }
  });
  return text;
}

/** Runs `act`; false when its file isn't there, which means that somebody else was first. */
function ifThere(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
