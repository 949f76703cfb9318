import { hash } from "node:crypto";
import { closeSync, existsSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { JsonObject } from "../../../lib/json.ts";
import { resultCode } from "../../../lib/sqlite.ts";
import { systemWords } from "../../../lib/system.ts";
import { isDatabaseError, newestDatabase, openForReading } from "./open-database.ts";
import { databaseFolders } from "./settings.ts";
import {
  columnsOf,
  nameIn,
  type NamedPlace,
  placeIn,
  placesIn,
  type PlaceToSet,
  setPlaceIn,
} from "./thread-rows.ts";

/** How far Codex's history index of a rollout has come. */
export interface IndexState {
  /** Byte offset in the rollout from which on the index has not read. */
  readonly nextOffset: number;
  readonly nextOrdinal: number;
  /** Byte offsets at which its turns begin. */
  readonly turnOffsets: readonly number[];
}

/** What the state databases say of a thread (0.116 to 0.169). A hint, never more: the file decides. */
export interface KnownThread {
  readonly path?: string;
  readonly name?: string;
}

const historyTables = [
  "thread_items",
  "thread_turns",
  "thread_realtime_items",
  "thread_history_projection_state",
];
const stateTable = historyTables.at(-1)!;

/**
 * Codex's own databases of one home (0.98 and later): `state_<n>.sqlite` lists threads with the absolute path of their rollout,
 * `thread_history_<n>.sqlite` (0.148 and later) shows turns by byte offset. Both are caches of the rollouts: rows that are gone are built
 * anew (measured with 0.169). The command line and the desktop app each have their own (`databaseFolders`): all are asked, in this order,
 * and all are changed. A database that is missing or can't be read tells nothing; why is in `troubles`. Changes throw what SQLite throws.
 */
export class CodexDatabases {
  readonly #home: string;
  #folders: readonly string[] | undefined;
  /** What could not be read, one line each. */
  readonly troubles = new Map<string, string>();

  constructor(home: string) {
    this.#home = home;
  }

  /** A thread's row of the first state database that has one, all its columns. */
  row(thread: string): JsonObject | undefined {
    return this.#threadWhere("id", thread);
  }

  /** The places that a thread has, one by each state database that names one. */
  placesOf(thread: string): NamedPlace[] {
    return this.#read("state", (database, path) => {
      if (!hasTable(database, "threads")) return undefined;
      return placeIn(database.prepare(`${placesIn(database, "one")} WHERE id = ?`).get(thread), path);
    });
  }

  /** The row of the thread whose rollout has this path, for a file whose name and first line tell nothing. */
  rowAt(path: string): JsonObject | undefined {
    return this.#threadWhere("rollout_path", path);
  }

  #threadWhere(column: "id" | "rollout_path", value: string): JsonObject | undefined {
    return this.#read("state", (database) =>
      hasTable(database, "threads")
        ? database.prepare(`SELECT * FROM threads WHERE ${column} = ?`).get(value)
        : undefined,
    )[0];
  }

  /** What is known of the threads that have a name, and of those that are asked for, by id. */
  known(ids: Iterable<string> = []): Map<string, KnownThread> {
    const found = new Map<string, KnownThread>();
    const take = (row: JsonObject | undefined): void => {
      const { id, rollout_path: path, called: name } = row ?? {};
      if (typeof id !== "string") return;
      found.set(id.toLowerCase(), {
        ...(typeof path === "string" && { path }),
        ...(typeof name === "string" && name !== "" && { name }),
        ...found.get(id.toLowerCase()),
      });
    };
    // Of a database that is cut off, or being written, what was read up to there is still a usable hint.
    this.#read("state", (database) => {
      const columns = columnsOf(database, ["id", "rollout_path"]);
      if (!columns.includes("id")) return;
      const query = `SELECT ${columns.join(", ")}, ${nameIn(database)} AS called FROM threads WHERE`;
      for (const row of database.prepare(`${query} called <> ''`).iterate()) take(row);
      const one = database.prepare(`${query} id = ?`);
      for (const id of ids) if (found.get(id)?.path === undefined) take(one.get(id));
    });
    return found;
  }

  /** The places of every thread that has one, by id. */
  places(): Map<string, readonly NamedPlace[]> {
    const places = new Map<string, NamedPlace[]>();
    this.#read("state", (database, path) => {
      if (!hasTable(database, "threads")) return;
      for (const row of database.prepare(placesIn(database, "all")).all()) {
        const [id, place] = [String(row["id"]), placeIn(row, path)];
        if (place) places.set(id, [...(places.get(id) ?? []), place]);
      }
    });
    return places;
  }

  /**
   * How far the indexes of each rollout have come, by `indexKey`; `only`: of that one. To ask for each of thousands takes longer than to
   * examine it.
   */
  indexes(only?: string): ReadonlyMap<string, readonly IndexState[]> {
    const [where, wanted] = only === undefined ? ["", []] : [" WHERE thread_id = ?", [only]];
    const indexes = this.#read("thread_history", (database) => {
      const found = new Map<string, IndexState & { readonly turnOffsets: number[] }>();
      if (!hasTable(database, "thread_history_projection_state")) return undefined;
      const states = database.prepare(
        `SELECT thread_id AS id, next_rollout_byte_offset AS at, next_rollout_ordinal AS ordinal FROM thread_history_projection_state${where}`,
      );
      for (const { id, at, ordinal } of states.iterate(...wanted))
        found.set(String(id), { nextOffset: Number(at), nextOrdinal: Number(ordinal), turnOffsets: [] });
      const turns = database.prepare(
        `SELECT thread_id AS id, rollout_byte_offset AS at FROM thread_turns${where}`,
      );
      for (const { id, at } of turns.iterate(...wanted)) found.get(String(id))?.turnOffsets.push(Number(at));
      return found;
    });
    const each = indexes.flatMap((found) => [...found]);
    const byKey = Map.groupBy(each, ([key]) => key);
    return new Map([...byKey].map(([key, found]) => [key, found.map(([, index]) => index)]));
  }

  /** Looks through all, as Codex does: what is damaged inside, where no query of ours comes by, is in `troubles` then. */
  check(): void {
    for (const name of ["state", "thread_history"]) {
      // Codex may be writing to it while it is read as a file that nobody writes to: only what a second look finds, too, is damage.
      const seen = this.#damages(name);
      for (const [path, damage] of seen.length === 0 ? [] : this.#damages(name))
        if (seen.some(([one]) => one === path)) this.troubles.set(path, damage);
    }
  }

  /** What is wrong inside, by the database's path. */
  #damages(name: string): (readonly [path: string, damage: string])[] {
    return this.#read(name, (database, path) => {
      const words = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
      // The first line names the schema, which is always "main".
      const told = String(words).split("\n").at(-1);
      return told === "ok" ? undefined : ([path, `damaged inside: ${told}`] as const);
    });
  }

  /**
   * Copies what the index holds of a rollout into a database at `kept`, and what those elsewhere hold into others beside it, all made for
   * their owner alone; what they have already stays. For a turn whose lines are gone the index is the only one that still tells it.
   */
  keepIndex(rollout: string, kept: string): void {
    const keep = (database: DatabaseSync): void => {
      if (!hasTable(database, stateTable)) return;
      const isKnown = database.prepare(`SELECT 1 FROM ${stateTable} WHERE thread_id = ?`);
      if (isKnown.get(rollout) === undefined) return;
      for (const table of historyTables)
        if (hasTable(database, table))
          database
            .prepare(
              `CREATE TABLE IF NOT EXISTS kept.${table} AS SELECT * FROM main.${table} WHERE thread_id = ?`,
            )
            .run(rollout);
    };
    for (const path of this.#paths("thread_history")) changed(path, keep, this.#keptOf(path, kept));
  }

  /**
   * Puts back what `keepIndex` has kept. Where a database doesn't take it any more (a newer Codex's), Codex builds the index anew. Only
   * while Codex's lock is held.
   */
  restoreIndex(rollout: string, kept: string): void {
    const each = this.#paths("thread_history")
      .map((path) => ({ path, own: this.#keptOf(path, kept) }))
      .filter(({ own }) => holdsIndex(own));
    // Killed while it was kept, nothing was removed.
    if (each.length === 0) return;
    this.forgetIndex(rollout);
    const restore = (database: DatabaseSync): void => {
      const columns = database.prepare(
        "SELECT group_concat(name, ', ') AS names FROM pragma_table_info(?, 'kept')",
      );
      for (const table of historyTables) {
        const names = columns.get(table)?.["names"];
        if (typeof names === "string")
          database.exec(`INSERT INTO main.${table} (${names}) SELECT ${names} FROM kept.${table}`);
      }
    };
    for (const { path, own } of each)
      try {
        changed(path, restore, own);
      } catch (error) {
        if (!isUnfit(error)) throw error;
      }
  }

  /** Where the index at a path is kept: the home's own at `kept`, another folder's beside it. */
  #keptOf(path: string, kept: string): string {
    const folder = dirname(path);
    if (folder === resolve(this.#home)) return kept;
    return kept.replace(/(?=\.sqlite$)/u, `-${hash("sha256", folder).slice(0, 12)}`);
  }

  /** Lets Codex build its index of the rollout anew. Only while Codex's lock is held. */
  forgetIndex(rollout: string): void {
    const forget = (database: DatabaseSync): void => {
      for (const table of historyTables)
        if (hasTable(database, table))
          database.prepare(`DELETE FROM ${table} WHERE thread_id = ?`).run(rollout);
    };
    for (const path of this.#paths("thread_history")) changed(path, forget);
  }

  /** Changes a thread's row in these databases (unless told, the one in the home itself). Only while Codex's lock is held. */
  setPlace(
    thread: string,
    place: PlaceToSet,
    databases: readonly string[] = this.#newest([this.#home], "state"),
  ): void {
    for (const one of databases)
      if (existsSync(one)) changed(one, (database) => setPlaceIn(database, thread, place));
  }

  /** Paths of the newest databases of this name, one of each folder that has one. */
  #paths(name: string): string[] {
    return this.#newest((this.#folders ??= databaseFolders(this.#home)), name);
  }

  #newest(folders: readonly string[], name: string): string[] {
    return folders.flatMap((folder) => {
      try {
        return newestDatabase(folder, name) ?? [];
      } catch (error) {
        if (!isDatabaseError(error)) throw error;
        this.troubles.set(folder, systemWords(error));
        return [];
      }
    });
  }

  /** What the databases of this name answer, those that answer nothing left out. */
  #read<T>(name: string, query: (database: DatabaseSync, path: string) => T | undefined): T[] {
    return this.#paths(name).flatMap((path) => {
      try {
        const database = openForReading(path);
        try {
          const answer = query(database, path);
          return answer === undefined ? [] : [answer];
        } finally {
          database.close();
        }
      } catch (error) {
        if (!isDatabaseError(error)) throw error;
        this.troubles.set(path, systemWords(error));
        return [];
      }
    });
  }
}

/** Whether rows don't fit into a database, or can't be read, however often it is tried: by its tables or its damage, not for want of room. */
function isUnfit(error: unknown): boolean {
  // SQLITE_ERROR, SQLITE_CORRUPT, SQLITE_CONSTRAINT, SQLITE_MISMATCH and SQLITE_NOTADB.
  return [1, 11, 19, 20, 26].includes(resultCode(error) ?? 0);
}

/** Changes the database at a path, wholly or not at all. `kept`: another one, which is there under this name meanwhile. */
function changed(path: string, change: (database: DatabaseSync) => void, kept?: string): void {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  try {
    if (kept !== undefined) {
      // SQLite would make it with the rights that the umask leaves, and it holds what was said.
      closeSync(openSync(kept, "a", 0o600));
      database.prepare("ATTACH ? AS kept").run(kept);
    }
    database.exec("BEGIN IMMEDIATE");
    change(database);
    database.exec("COMMIT");
  } finally {
    database.close();
  }
}

/** Whether a rollout's index was wholly kept in the database at a path, and can be read there. */
function holdsIndex(kept: string): boolean {
  if (!existsSync(kept)) return false;
  const database = new DatabaseSync(kept);
  try {
    return hasTable(database, stateTable);
  } catch (error) {
    if (!isUnfit(error)) throw error;
    return false;
  } finally {
    database.close();
  }
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return (
    database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined
  );
}
