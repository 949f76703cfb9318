import { existsSync, lstatSync, readdirSync, statSync, type Dirent } from "node:fs";
import { join, sep } from "node:path";
import { hasCode } from "../../lib/system.ts";
import { Failure } from "../../failure.ts";
import { isUuid, uuidv7Time } from "../../lib/ids.ts";
import { quoted } from "../../lib/words.ts";
import { isLink } from "./files.ts";

const monthShape = /^\d{4}-\d{2}$/u;

/** The folder of a home that the sessions lie in, by month. */
export const sessionsPath = (home: string): string => join(home, "sessions");

/** What the tools of a session print, and how they ended. */
export const spoolPath = (folder: string): string => join(folder, "spool");

/**
 * Last time with a year of four digits. An id from elsewhere may name any time; a folder for a later one wouldn't be named like a month,
 * and would be in no list.
 */
const lastTime = Date.UTC(9999, 11, 31);

/** Where a session's folder is made: under the month in which its id was made (UTC). */
export function newPath(home: string, id: string, now: number): string {
  if (!isUuid(id)) throw new TypeError(`a session's id is a UUID in lower case, not "${id}"`);
  const made = uuidv7Time(id) ?? now;
  const month = new Date(made < lastTime ? made : now).toISOString().slice(0, 7);
  return join(sessionsPath(home), month, id);
}

/** A session's folder, which has the session's id as its name. */
export interface SessionFolder {
  id: string;
  path: string;
}

/** Every session's folder, newest first. Links are no sessions: what they lead to may not be ours to write. */
function folders(home: string): SessionFolder[] {
  return months(home)
    .flatMap((month) =>
      entries(month)
        .filter((entry) => entry.isDirectory() && isUuid(entry.name))
        .map((entry) => ({ id: entry.name, path: join(month, entry.name) })),
    )
    .sort((a, b) => (a.id < b.id ? 1 : -1));
}

/**
 * Every session's folder in no order, and what a crash left of sessions that were being made or removed. Folders that are known by
 * their id are not looked at: with ten thousand of them that is most of the time.
 */
export function survey(
  home: string,
  isKnown: (id: string) => boolean,
): { found: SessionFolder[]; left: SessionFolder[] } {
  const [found, left]: [SessionFolder[], SessionFolder[]] = [[], []];
  for (const month of months(home)) {
    for (const name of names(month)) {
      const folder = { id: name, path: `${month}${sep}${name}` };
      if (isUuid(name)) {
        if (isKnown(name) || isFolder(folder.path)) found.push(folder);
      } else if (/^\.(?:new|gone)-/u.test(name) && isFolder(folder.path)) left.push(folder);
    }
  }
  return { found, left };
}

/** The folder of a session, or `undefined` when there is none. Refuses a folder that is a link. */
export function locate(home: string, id: string, now: number): string | undefined {
  if (!isUuid(id)) return undefined;
  const usual = newPath(home, id, now);
  const path = isThere(usual)
    ? usual
    : months(home)
        .map((month) => join(month, id))
        .find(isThere);
  if (path !== undefined && !lstatSync(path).isDirectory()) {
    const message = `${path} is not a folder but a link or a file; Throughline writes to no such session. Remove it, or move the session itself there: ls -ld ${quoted(path)}`;
    throw new Failure("session-damaged", message, { path });
  }
  return path;
}

/** For an id that no folder has. */
export function noSession(home: string, id: string): Failure<"session-missing"> {
  const nearest = folders(home)
    .map((folder) => folder.id)
    .filter((other) => other.slice(0, 6) === id.slice(0, 6))
    .slice(0, 3);
  const message =
    `There is no session ${id} under ${sessionsPath(home)}.` +
    (nearest.length > 0 ? ` The nearest: ${nearest.join(", ")}.` : "") +
    " See which there are with: throughline sessions --all";
  return new Failure("session-missing", message, { reference: id, nearest });
}

/** A month may be a link, as the home and its `sessions` may: whoever moves the old ones to another disk leaves one. */
function months(home: string): string[] {
  const sessions = sessionsPath(home);
  refuseLostLink(home);
  refuseLostLink(sessions);
  return entries(sessions)
    .filter((entry) => monthShape.test(entry.name))
    .filter(
      (entry) => entry.isDirectory() || (entry.isSymbolicLink() && leadsToFolder(join(sessions, entry.name))),
    )
    .map((entry) => join(sessions, entry.name));
}

function leadsToFolder(link: string): boolean {
  return existsSync(link) && statSync(link).isDirectory();
}

/** A link that leads nowhere, to a disk that isn't there now say, is no home without sessions. */
function refuseLostLink(path: string): void {
  // Not by whether anything is there: another process may make the folder between two looks.
  if (!isLink(path) || existsSync(path)) return;
  const message = `${path} is a link that leads nowhere: to a disk that isn't there now, say. Nothing was changed. See where it leads: ls -ld ${quoted(path)}`;
  throw new Failure("store-unavailable", message, { path });
}

/** Whether anything stands at the path, a link that leads nowhere included. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

const isFolder = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** What a folder holds; nothing where there is none. */
export function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}

function entries(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  }
}
