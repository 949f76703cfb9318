import { DatabaseSync } from "node:sqlite";
import type { JsonObject } from "../../../lib/json.ts";
import { isDatabaseError, newestDatabase, openForReading } from "./open-database.ts";

/**
 * Codex's own databases beside the sessions (0.98 and later): `state_<n>.sqlite` lists threads with the absolute path of their rollout,
 * `thread_history_<n>.sqlite` (0.148 and later) shows turns by byte offset. Both are caches of the rollouts: rows that are gone are built
 * anew (measured with 0.169).
 */
export interface IndexState {
  /** Byte offset in the rollout from which on the index has not read. */
  readonly nextOffset: number;
  readonly nextOrdinal: number;
  /** Byte offsets at which its turns begin. */
  readonly turnOffsets: readonly number[];
}

/** What the state database says about where a thread is. */
export interface NamedPlace {
  /** Absolute. */
  readonly path: string;
  /** Seconds since 1970, for a thread that is archived: no resume takes it. Null: it is, and nothing says since when. */
  readonly archivedAt?: number | null;
  /** "paginated" or "legacy" (0.148 and later): by it Codex reads the file. */
  readonly history?: string;
}

const historyTables = [
  "thread_items",
  "thread_turns",
  "thread_realtime_items",
  "thread_history_projection_state",
];

/**
 * Reads and changes the databases of one Codex home. A database that is missing or can't be read tells nothing; why is in `troubles`.
 * Changes throw what SQLite throws.
 */
export class CodexDatabases {
  readonly #home: string;
  /** What could not be read, one line each. */
  readonly troubles = new Map<string, string>();

  constructor(home: string) {
    this.#home = home;
  }

  /** The state database's row of a thread, all its columns. */
  row(thread: string): JsonObject | undefined {
    return this.#read("state", (database) =>
      hasTable(database, "threads")
        ? (database.prepare("SELECT * FROM threads WHERE id = ?").get(thread) as JsonObject | undefined)
        : undefined,
    );
  }

  /** The row of the thread whose rollout has this path, for a file whose name and first line tell nothing. */
  rowAt(path: string): JsonObject | undefined {
    return this.#read("state", (database) =>
      hasTable(database, "threads")
        ? (database.prepare("SELECT * FROM threads WHERE rollout_path = ?").get(path) as
            | JsonObject
            | undefined)
        : undefined,
    );
  }

  /** The place of every thread, by id. */
  places(): Map<string, NamedPlace> {
    const rows = this.#read("state", (database) => {
      const asked = ["id", "rollout_path", ...columnsOf(database)].join(", ");
      return hasTable(database, "threads") ? database.prepare(`SELECT ${asked} FROM threads`).all() : [];
    });
    return new Map((rows ?? []).map((row) => [String(row["id"]), placeIn(row)!]));
  }

  index(thread: string): IndexState | undefined {
    return this.#read("thread_history", (database) => {
      if (!hasTable(database, "thread_history_projection_state")) return undefined;
      const state = database
        .prepare(
          "SELECT next_rollout_byte_offset AS at, next_rollout_ordinal AS ordinal FROM thread_history_projection_state WHERE thread_id = ?",
        )
        .get(thread);
      if (!state) return undefined;
      const turns = database
        .prepare("SELECT rollout_byte_offset AS at FROM thread_turns WHERE thread_id = ? ORDER BY at")
        .all(thread);
      const turnOffsets = turns.map(({ at }) => Number(at));
      return { nextOffset: Number(state["at"]), nextOrdinal: Number(state["ordinal"]), turnOffsets };
    });
  }

  /** Lets Codex build the thread's turns anew from the rollout. Only while Codex's lock is held. */
  forgetIndex(thread: string): void {
    this.#write("thread_history", (database) => {
      for (const table of historyTables)
        if (hasTable(database, table))
          database.prepare(`DELETE FROM ${table} WHERE thread_id = ?`).run(thread);
    });
  }

  /**
   * Sets a thread's rollout path, and whether it is archived ("not", or since when, in seconds since 1970); what isn't given stays as it
   * is. Only while Codex's lock is held.
   */
  setPlace(
    thread: string,
    { path, history, archived }: Omit<NamedPlace, "archivedAt"> & { archived?: number | "not" | null },
  ): void {
    this.#write("state", (database) => {
      database.prepare("UPDATE threads SET rollout_path = ? WHERE id = ?").run(path, thread);
      const columns = columnsOf(database);
      if (history !== undefined && columns.includes("history_mode"))
        database.prepare("UPDATE threads SET history_mode = ? WHERE id = ?").run(history, thread);
      if (archived === undefined || !columns.includes("archived")) return;
      const values = archived === "not" ? [0, null] : [1, archived];
      database
        .prepare("UPDATE threads SET archived = ?, archived_at = ? WHERE id = ?")
        .run(...values, thread);
    });
  }

  #read<T>(name: string, query: (database: DatabaseSync) => T): T | undefined {
    const path = newestDatabase(this.#home, name);
    if (path === undefined) return undefined;
    try {
      const database = openForReading(path);
      try {
        return query(database);
      } finally {
        database.close();
      }
    } catch (error) {
      if (!isDatabaseError(error)) throw error;
      this.troubles.set(path, error.message);
      return undefined;
    }
  }

  #write(name: string, change: (database: DatabaseSync) => void): void {
    const path = newestDatabase(this.#home, name);
    if (path === undefined) return;
    const database = new DatabaseSync(path, { timeout: 10_000 });
    try {
      database.exec("BEGIN IMMEDIATE");
      change(database);
      database.exec("COMMIT");
    } finally {
      database.close();
    }
  }
}

const placeColumns = ["archived", "archived_at", "history_mode"];

/** The place that a row of `threads` names, however many of its columns were asked for; `undefined` where it names none. */
export function placeIn(row: JsonObject | undefined): NamedPlace | undefined {
  const { rollout_path: path, archived, archived_at: at, history_mode: history } = row ?? {};
  if (typeof path !== "string") return undefined;
  return {
    path,
    ...(archived === 1 && { archivedAt: typeof at === "number" ? at : null }),
    ...(typeof history === "string" && { history }),
  };
}

/** Those of `placeColumns` that the schema has. */
function columnsOf(database: DatabaseSync): string[] {
  const columns = database.prepare("SELECT name FROM pragma_table_info('threads')").all();
  return placeColumns.filter((column) => columns.some(({ name }) => name === column));
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return (
    database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(name) !== undefined
  );
}
