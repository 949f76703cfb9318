import { rmSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { makePrivate } from "../../lib/open-file.ts";
import { asidePath, inTransaction, resultCode, versionOf } from "../../lib/sqlite.ts";
import { isSystemError } from "../../lib/system.ts";

/** Version of the catalogue's tables. A file of another version is rebuilt: everything in it comes from the folders. */
export const tablesVersion = 6;
/** For how long SQLite itself waits; after that the work is tried again later. Milliseconds. */
const busyMs = 50;

/** Rows that every list reads, whatever its workspace: somebody may be at work in the session, or it is linked to another one. */
export const isLinked = "running = 1 OR parent IS NOT NULL OR successor IS NOT NULL";

const tables = `
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY, bytes INTEGER NOT NULL, running INTEGER NOT NULL, inbox REAL, summary TEXT NOT NULL,
    name TEXT GENERATED ALWAYS AS (summary ->> '$.name') STORED,
    path TEXT GENERATED ALWAYS AS (summary ->> '$.workspace.path') STORED,
    root TEXT GENERATED ALWAYS AS (summary ->> '$.workspace.gitRoot') STORED,
    common TEXT GENERATED ALWAYS AS (summary ->> '$.workspace.gitCommon') STORED,
    parent TEXT GENERATED ALWAYS AS (summary ->> '$.parent') STORED,
    rotated INTEGER GENERATED ALWAYS AS (summary ->> '$.rotated') STORED,
    successor TEXT GENERATED ALWAYS AS (summary ->> '$.successor') STORED
  ) STRICT;
  CREATE INDEX places ON sessions (path, root, common);
  CREATE INDEX names ON sessions (name);
  CREATE INDEX linked ON sessions (id) WHERE ${isLinked};
  CREATE TABLE said (id TEXT PRIMARY KEY, bytes INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
  PRAGMA user_version = ${tablesVersion};
`;

/** The catalogue as it was opened. */
export interface OpenDatabase {
  db: DatabaseSync;
  /** Which file it is, so that one that was deleted or replaced meanwhile is noticed. */
  file: number;
}

/** Opens the catalogue, and makes it when there is none. Throws what SQLite throws; a file of another version counts as unusable. */
export function openDatabase(path: string): OpenDatabase {
  makePrivate(path);
  const db = new DatabaseSync(path, { timeout: busyMs });
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;");
    if (versionOf(db) === 0) inTransaction(db, () => versionOf(db) === 0 && db.exec(tables));
    const version = versionOf(db);
    if (version !== tablesVersion) throw new OtherVersion(version);
    return { db, file: statSync(path).ino };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The file's tables are of another version than this program's. */
export class OtherVersion extends Error {
  /** An older program wrote it: it holds nothing that this one doesn't rebuild. */
  readonly isOlder: boolean;

  constructor(version: number) {
    super(`it is of version ${version}, this program's is ${tablesVersion}`);
    this.isOlder = version < tablesVersion;
  }
}

/** Whether the file at the path is still the one with this inode. */
export function isSameFile(path: string, file: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino === file;
}

/** Removes an unusable catalogue that was moved aside. */
export function removeAside(path: string): void {
  rmSync(asidePath(path), { force: true });
}

/** Removes the catalogue with its write-ahead log. */
export function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

/** SQLITE_BUSY, SQLITE_LOCKED: somebody else is writing. */
export const isBusy = (error: unknown): boolean => [5, 6].includes(resultCode(error) ?? -1);

/** SQLITE_CORRUPT, SQLITE_NOTADB, and SQLITE_ERROR for tables that aren't what they should be. */
export const isUnusable = (error: unknown): boolean =>
  error instanceof OtherVersion || [1, 11, 26].includes(resultCode(error) ?? -1);

/** Errors of SQLite or of the system: the catalogue can do without them. Anything else is a mistake of the program. */
export const isOutside = (error: unknown): boolean =>
  resultCode(error) !== undefined || isSystemError(error) || error instanceof OtherVersion;
