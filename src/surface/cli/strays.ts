import { existsSync, readdirSync } from "node:fs";
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

/**
 * Paths under a home that hold sessions, or rows of the catalogue, and that no deletion removes, because they aren't named as Throughline names
 * them. With `ids` only those that may hold something of these sessions.
 */
export function straysOf(home: string, ids?: readonly string[]): string[] {
  const sessions = join(home, "sessions");
  const isOf = (path: string, name: string): boolean =>
    !ids || ids.some((id) => name.includes(id) || existsSync(join(path, id)));
  const beside = names(home).filter(
    (name) => (/^(?:sessions|catalog)./u.test(name) && !catalog.test(name)) || name === ".stversions",
  );
  const found = beside.map((name) => join(home, name));
  for (const name of names(sessions)) {
    const path = join(sessions, name);
    if (!month.test(name)) {
      if (isOf(path, name)) found.push(path);
      continue;
    }
    for (const inMonth of names(path))
      if (!session.test(inMonth) && isOf(join(path, inMonth), inMonth)) found.push(join(path, inMonth));
  }
  return found;
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
