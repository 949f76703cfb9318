import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

const tablesVersion = 1;

const tables = `
  CREATE TABLE refused (
    issuer TEXT NOT NULL, blob TEXT NOT NULL, at INTEGER NOT NULL, times INTEGER NOT NULL, refusal TEXT NOT NULL,
    PRIMARY KEY (issuer, blob)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE parameters (
    issuer TEXT NOT NULL, model TEXT NOT NULL, parameter TEXT NOT NULL, at INTEGER NOT NULL, refusal TEXT NOT NULL,
    PRIMARY KEY (issuer, model, parameter)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE conversations (
    issuer TEXT NOT NULL, conversation TEXT NOT NULL, mark TEXT NOT NULL, at INTEGER NOT NULL, refusal TEXT NOT NULL,
    PRIMARY KEY (issuer, conversation)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sealed (
    blob TEXT NOT NULL PRIMARY KEY, issuer TEXT NOT NULL, at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${tablesVersion};
`;

/** The ledger's database, and which file it is: one that was deleted or replaced meanwhile is noticed. */
export interface LedgerFile {
  readonly db: DatabaseSync;
  isStill(): boolean;
}

/**
 * Opens the ledger, and makes it when there is none. One that can't be used is put aside under `.unusable`, and told by `aside`. Throws what
 * SQLite or the system throws when there can be no file there at all.
 */
export function openLedgerFile(path: string, aside: (moved: string) => void): LedgerFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return opened(path);
  } catch (error) {
    if (!isUnusable(error)) throw error;
    const moved = `${path}.unusable`;
    rmSync(moved, { force: true });
    if (existsSync(path)) renameSync(path, moved);
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    aside(moved);
    return opened(path);
  }
}

function opened(path: string): LedgerFile {
  // SQLite gives its other files the rights of this one.
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
  const db = new DatabaseSync(path, { timeout: 50 });
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    if (versionOf(db) === 0) make(db);
    if (versionOf(db) !== tablesVersion) throw new OtherVersion(`it is of version ${versionOf(db)}`);
    const { ino } = statSync(path);
    return { db, isStill: () => statSync(path, { throwIfNoEntry: false })?.ino === ino };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Asked once more under the lock: of two gateways that start at once, the second finds the tables of the first and must not put them aside. */
function make(db: DatabaseSync): void {
  db.exec("BEGIN IMMEDIATE");
  if (versionOf(db) === 0) db.exec(tables);
  db.exec("COMMIT");
}

class OtherVersion extends Error {}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
}

/** SQLITE_ERROR for tables that aren't what they should be, SQLITE_CORRUPT, SQLITE_NOTADB. */
function isUnusable(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode;
  return error instanceof OtherVersion || (typeof code === "number" && [1, 11, 26].includes(code & 0xff));
}

/** Errors of SQLite or of the system: a ledger can do without its file. Anything else is a mistake of the program. */
export function isOfTheFile(error: unknown): boolean {
  const { errcode, syscall } = error as { errcode?: unknown; syscall?: unknown };
  return typeof errcode === "number" || typeof syscall === "string" || error instanceof OtherVersion;
}
