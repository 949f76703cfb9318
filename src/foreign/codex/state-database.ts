import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DatabaseSync } from "node:sqlite";

/** What Codex's state database says of a thread: `threads` of `state_<n>.sqlite` (0.116 to 0.169). A hint, never more: the file decides. */
export interface KnownThread {
  readonly path?: string;
  readonly name?: string;
}

/**
 * What the newest state database of a home says of the threads that have a name, and of those that are asked for, by id. It is opened
 * read-only and as if nobody wrote to it, so that reading leaves no file behind and waits for nobody; what is still in its write-ahead log
 * is not seen. Columns are asked for as far as the schema has them. A home without one, and one that can't be read, give none.
 */
export function knownThreads(home: string, ids: Iterable<string> = []): Map<string, KnownThread> {
  const found = new Map<string, KnownThread>();
  const path = newestDatabase(home);
  if (path === undefined) return found;
  let database: DatabaseSync | undefined;
  try {
    const url = pathToFileURL(path);
    url.searchParams.set("immutable", "1");
    database = new DatabaseSync(url, { readOnly: true });
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
    // Not SQLite, cut off, or being written: what was read so far is a hint as good as any.
    if (!isDatabaseError(error)) throw error;
  } finally {
    database?.close();
  }
  return found;
}

function newestDatabase(home: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(home);
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).syscall !== "string") throw error;
    return undefined;
  }
  const versions = names.flatMap((name) => {
    const version = /^state_(\d{1,6})\.sqlite$/u.exec(name)?.[1];
    return version === undefined ? [] : [{ name, version: Number(version) }];
  });
  const newest = versions.toSorted((a, b) => b.version - a.version)[0];
  return newest && join(home, newest.name);
}

function isDatabaseError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "ERR_SQLITE_ERROR";
}
