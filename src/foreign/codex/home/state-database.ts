import type { DatabaseSync } from "node:sqlite";
import { isDatabaseError, newestDatabase, openForReading } from "./open-database.ts";

/** What Codex's state database says of a thread: `threads` of `state_<n>.sqlite` (0.116 to 0.169). A hint, never more: the file decides. */
export interface KnownThread {
  readonly path?: string;
  readonly name?: string;
}

/**
 * What the newest state database of a home says of the threads that have a name, and of those that are asked for, by id. It is opened
 * read-only and waits for nobody. Columns are asked for as far as the schema has them. A home without one, and one that can't be read,
 * give none.
 */
export function knownThreads(home: string, ids: Iterable<string> = []): Map<string, KnownThread> {
  const found = new Map<string, KnownThread>();
  const path = newestDatabase(home, "state");
  if (path === undefined) return found;
  let database: DatabaseSync | undefined;
  try {
    database = openForReading(path);
    const columns = new Set(
      database
        .prepare("SELECT name FROM pragma_table_info('threads')")
        .all()
        .map(({ name }) => String(name)),
    );
    if (!columns.has("id")) return found;
    const selected = ["id", "rollout_path", "name"].filter((column) => columns.has(column)).join(", ");
    const take = (row: Record<string, unknown> | undefined): void => {
      const { id, rollout_path: rollout, name } = row ?? {};
      if (typeof id !== "string") return;
      found.set(id.toLowerCase(), {
        ...(typeof rollout === "string" && { path: rollout }),
        ...(typeof name === "string" && name !== "" && { name }),
      });
    };
    if (columns.has("name"))
      for (const row of database.prepare(`SELECT ${selected} FROM threads WHERE name <> ''`).iterate())
        take(row);
    const one = database.prepare(`SELECT ${selected} FROM threads WHERE id = ?`);
    for (const id of ids) if (!found.has(id)) take(one.get(id));
  } catch (error) {
    // Not SQLite, cut off, or being written: what was read so far is still a usable hint.
    if (!isDatabaseError(error)) throw error;
  } finally {
    database?.close();
  }
  return found;
}
