// Codex's own databases, with as much in them as a test is about.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

/** Acts in the database at a path, which is made where there is none. */
export function inDatabase<T>(path: string, act: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return act(database);
  } finally {
    database.close();
  }
}

/** A row of the state database's threads: `id`, `rollout_path` and others of its columns. */
export type ThreadRow = Readonly<Record<string, SQLInputValue>>;

/** Makes a state database in a folder, anew where there is one, with these rows, which all have the columns of the first. Its path. */
export function stateDatabase(folder: string, ...rows: readonly ThreadRow[]): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "state_5.sqlite");
  const columns = Object.keys(rows[0]!);
  inDatabase(path, (database) => {
    database.exec(`DROP TABLE IF EXISTS threads; CREATE TABLE threads (${columns.join(", ")})`);
    const insert = database.prepare(`INSERT INTO threads VALUES (${columns.map(() => "?").join(", ")})`);
    for (const row of rows) insert.run(...columns.map((column) => row[column] ?? null));
  });
  return path;
}

/** How far the index has read a thread's rollout, unless told much further than that goes; and where it knows turns to begin. */
export interface IndexedThread {
  readonly thread: string;
  readonly offset?: number;
  readonly ordinal?: number;
  readonly turns?: readonly number[];
}

/** Makes Codex's history index in a folder, of these threads. Its path. */
export function historyIndex(folder: string, ...threads: readonly IndexedThread[]): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "thread_history_1.sqlite");
  inDatabase(path, (database) => {
    database.exec(`CREATE TABLE thread_history_projection_state (thread_id, next_rollout_byte_offset, next_rollout_ordinal);
      CREATE TABLE thread_turns (thread_id, rollout_byte_offset)`);
    const addState = database.prepare("INSERT INTO thread_history_projection_state VALUES (?, ?, ?)");
    const addTurn = database.prepare("INSERT INTO thread_turns VALUES (?, ?)");
    for (const { thread, offset = 99_999_999, ordinal = 25, turns = [] } of threads) {
      addState.run(thread, offset, ordinal);
      for (const turn of turns) addTurn.run(thread, turn);
    }
  });
  return path;
}
