import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isSystemError } from "../../lib/system.ts";

// Tools that sync or back up folders leave copies beside what they copy: "2026-11 (conflicted copy)", "catalog.sync-conflict-….sqlite",
// ".stversions". They are in no list and belong to no session, so that no deletion removes them; but they hold what was said.

const month = /^\d{4}-\d{2}$/u;
const session = /^(?:\.(?:new|gone)-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;
/** With what the store has put aside of it, which it removes itself. */
const catalog = /^catalog\.sqlite(?:\.unusable|-wal|-shm|-journal)*$/u;
/** What a desktop leaves in folders that it has shown; nothing of a session is in it. */
const desktop = new Set([".DS_Store", ".directory", "desktop.ini", ".stfolder"]);

/** An id in a name: tools put their own words before and after it. */
const anyId = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu;

/** A path that no deletion removes. */
export interface Stray {
  readonly path: string;
  /** It may hold something of sessions, too, that were not asked for. */
  readonly isShared?: true;
}

/**
 * Paths under a home that hold sessions, or rows of the catalogue, and that no deletion removes, because they aren't named as Throughline names
 * them. With `ids` only what may hold something of these sessions: in a copy of a folder of sessions theirs alone.
 */
export function straysOf(home: string, ids?: readonly string[]): Stray[] {
  const sessions = join(home, "sessions");
  const wanted = ids && new Set(ids);
  const found: Stray[] = [];
  for (const name of names(home)) {
    if (!((/^(?:sessions|catalog)./u.test(name) && !catalog.test(name)) || name === ".stversions")) continue;
    const path = join(home, name);
    if (!wanted) found.push({ path });
    else if (isFolder(path)) found.push(...heldIn(path, name, wanted, 3));
    else found.push({ path, isShared: true });
  }
  for (const name of names(sessions)) {
    const path = join(sessions, name);
    const strange = month.test(name) ? names(path).filter((inMonth) => !session.test(inMonth)) : [];
    for (const inMonth of strange) found.push(...heldIn(join(path, inMonth), inMonth, wanted, 1));
    if (!month.test(name)) found.push(...heldIn(path, name, wanted, 1));
  }
  return found;
}

/** What is named by one of the ids in so many levels of a folder, itself included; itself where no id is asked for. */
function heldIn(path: string, name: string, ids: ReadonlySet<string> | undefined, levels: number): Stray[] {
  if (!ids || name.match(anyId)?.some((id) => ids.has(id))) return [{ path }];
  return levels === 0 ? [] : names(path).flatMap((each) => heldIn(join(path, each), each, ids, levels - 1));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}

/** What a folder holds; nothing where there is none, or none that can be read. */
function names(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !desktop.has(name));
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return [];
  }
}
