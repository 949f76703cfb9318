import type { DatabaseSync } from "node:sqlite";
import type { JsonObject } from "../../../lib/json.ts";

/** What a state database says about where a thread is. */
export interface NamedPlace {
  /** The path of that database. */
  readonly database: string;
  /** Absolute. */
  readonly path: string;
  /** Seconds since 1970, for a thread that is archived: no resume takes it. Null: it is, and nothing says since when. */
  readonly archivedAt?: number | null;
  /** "paginated" or "legacy" (0.148 and later): by it Codex reads the file. */
  readonly history?: string;
  /** The provider that the thread goes on with; "" where the database names none. */
  readonly provider?: string;
  /**
   * What the columns of its first prompt hold (`preview`, `first_user_message`, `title`); where all threads were asked for, only those that
   * hold nothing. Codex's lists leave a thread without `preview` out (0.169, 2026-11-24).
   */
  readonly prompts?: Readonly<Record<string, string>>;
}

/** The first prompt of a thread, which its row had wrongly or not at all. */
export interface FirstPrompt {
  readonly prompt: string;
  /** The columns that it is put into, with what they held. */
  readonly had: Readonly<Record<string, string>>;
}

/** What a thread's row is to say; what isn't given stays as it is. */
export type PlaceToSet = Pick<NamedPlace, "path" | "history" | "provider" | "prompts"> & {
  /** "not", or since when, in seconds since 1970; null where nothing says that. */
  readonly archived?: number | "not" | null;
};

/** What a place is made of beside the path, as far as the schema has it. */
const placeColumns = ["archived", "archived_at", "history_mode", "model_provider"];
const promptColumns = ["preview", "first_user_message", "title"];

/** What `placeIn` asks of a database's `threads`, of all or of one. Prompts may be long: of those of thousands only whether they are empty. */
export function placesIn(database: DatabaseSync, which: "all" | "one"): string {
  const prompts = columnsOf(database, promptColumns).map((name) =>
    which === "one" ? name : `CASE ${name} WHEN '' THEN '' END AS ${name}`,
  );
  return `SELECT ${["id", "rollout_path", ...columnsOf(database, placeColumns), ...prompts].join(", ")} FROM threads`;
}

/** The place that a row of a database's `threads` names; `undefined` where it names none. */
export function placeIn(row: JsonObject | undefined, database: string): NamedPlace | undefined {
  const { rollout_path: path, archived, archived_at: at, history_mode: history } = row ?? {};
  const { model_provider: provider } = row ?? {};
  if (typeof path !== "string") return undefined;
  const prompts = promptColumns.flatMap((name) => {
    const value = row?.[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  return {
    database,
    path,
    ...(archived === 1 && { archivedAt: typeof at === "number" ? at : null }),
    ...(typeof history === "string" && { history }),
    ...(typeof provider === "string" && { provider }),
    ...(prompts.length > 0 && { prompts: Object.fromEntries(prompts) }),
  };
}

/** Those of these columns that the schema's `threads` has; none where there is no such table. */
export function columnsOf(database: DatabaseSync, wanted: readonly string[]): string[] {
  const columns = database.prepare("SELECT name FROM pragma_table_info('threads')").all();
  return wanted.filter((column) => columns.some(({ name }) => name === column));
}

/**
 * What a thread is called, as SQL: the name that it was given, or else a title that isn't its first prompt, as what Codex has imported from
 * another agent has (0.140 to 0.169). Codex lists and resumes it by either. Long titles are prompts, and aren't read for being compared: that
 * of thousands would take as long as the whole list.
 */
export function nameIn(database: DatabaseSync): string {
  const columns = columnsOf(database, ["name", "title", "first_user_message"]);
  const ways = [
    ...(columns.includes("name") ? ["nullif(name, '')"] : []),
    ...(columns.includes("title") && columns.includes("first_user_message")
      ? ["CASE WHEN octet_length(title) < 400 AND title <> nullif(first_user_message, '') THEN title END"]
      : []),
  ];
  return `coalesce(NULL, ${[...ways, "''"].join(", ")})`;
}

/** Changes a thread's row. Throws what SQLite throws. */
export function setPlaceIn(
  database: DatabaseSync,
  thread: string,
  { path, history, provider, prompts, archived }: PlaceToSet,
): void {
  const values: Record<string, string | number | null | undefined> = {
    rollout_path: path,
    history_mode: history,
    model_provider: provider,
    ...(archived === "not" && { archived: 0, archived_at: null }),
    ...(archived !== undefined && archived !== "not" && { archived: 1, archived_at: archived }),
  };
  for (const column of promptColumns) values[column] = prompts?.[column];
  for (const column of columnsOf(database, Object.keys(values))) {
    const value = values[column];
    if (value !== undefined)
      database.prepare(`UPDATE threads SET ${column} = ? WHERE id = ?`).run(value, thread);
  }
}
