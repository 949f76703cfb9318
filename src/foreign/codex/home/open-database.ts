import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { mustBeFile } from "../../../lib/open-file.ts";
import { hasCode, isSystemError } from "../../../lib/system.ts";

/**
 * Path of a folder's newest `<name>_<n>.sqlite`: Codex numbers its schemas. `undefined` in a folder without one, and in none.
 * @throws what the system says where it can't be told.
 */
export function newestDatabase(folder: string, name: string): string | undefined {
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
    return undefined;
  }
  const numbered = new RegExp(`^${name}_(\\d{1,6})\\.sqlite$`, "u");
  const versions = files.flatMap((file) => {
    const [, version] = numbered.exec(file) ?? [];
    return version === undefined ? [] : [{ file, version: Number(version) }];
  });
  const newest = versions.toSorted((a, b) => b.version - a.version)[0];
  return newest && join(folder, newest.file);
}

/**
 * A database of Codex's, to read. What Codex wrote last is in the write-ahead log for as long as a process has it open, and after it was
 * killed, so a log that isn't empty is read too: that waits for nobody. Without one, SQLite would leave files behind that weren't there:
 * then it is opened as a file that nobody writes to, as it is where the log can't be opened (a folder that may only be read).
 * @throws what SQLite throws: no database, or one that can't be opened; a system error for what is no file.
 */
export function openForReading(path: string): DatabaseSync {
  // SQLite would wait for a pipe.
  mustBeFile(path);
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (!log || log.size === 0) return open(path, "immutable");
  const database = open(path, "shared");
  try {
    // The log is opened by the first statement.
    database.prepare("SELECT 1 FROM sqlite_master").get();
    return database;
  } catch (error) {
    database.close();
    if (!isDatabaseError(error)) throw error;
    return open(path, "immutable");
  }
}

function open(path: string, as: "shared" | "immutable"): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set("mode", "ro");
  if (as === "immutable") url.searchParams.set("immutable", "1");
  return new DatabaseSync(url, { readOnly: true, timeout: 2_000 });
}

/** Whether an error is SQLite's, or the system's about its files. */
export function isDatabaseError(error: unknown): error is Error {
  return error instanceof Error && (hasCode(error, "ERR_SQLITE_ERROR") || isSystemError(error));
}
