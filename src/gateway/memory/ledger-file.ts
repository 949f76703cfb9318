import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { makePrivate } from "../../lib/open-file.ts";
import { inTransaction, moveAside, resultCode, versionOf } from "../../lib/sqlite.ts";
import { hasCode, isSystemError, makeFolders } from "../../lib/system.ts";

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

/** The columns of each table that are read: a file that lacks any of them can't be used. */
const columns: Readonly<Record<string, string>> = {
  refused: "issuer, blob, at, times, refusal",
  parameters: "issuer, model, parameter, at, refusal",
  conversations: "issuer, conversation, mark, at, refusal",
  sealed: "blob, issuer, at",
};

/** The ledger's database, and whether what lies at its path is still that file, not deleted, emptied or replaced. */
export interface LedgerFile {
  readonly db: DatabaseSync;
  isStill(): boolean;
}

/** So long a write waits for others, which holds up all that the process does; milliseconds. */
export const patienceMs = 50;

/**
 * Opens the ledger, and makes it when there is none. One that can't be used is put aside under `.unusable`, and told by `aside`, as is one
 * that was found `isDamaged` in use; one that may only be read is opened for that. Throws what SQLite or the system throws when there can
 * be no file there at all, and `NewerLedger`. `waitMs`: how long it and its writes wait for others.
 */
export function openLedgerFile(
  path: string,
  aside: (moved: string) => void,
  { isDamaged = false, waitMs = patienceMs }: { isDamaged?: boolean; waitMs?: number } = {},
): LedgerFile {
  try {
    makeFolders(dirname(path));
    if (!isDamaged) return opened(path, waitMs);
  } catch (error) {
    if (isForbidden(error) && existsSync(path)) return readable(path);
    if (!isUnusable(error)) throw error;
  }
  aside(moveAside(path));
  return opened(path, waitMs);
}

function opened(path: string, waitMs: number): LedgerFile {
  makePrivate(path);
  const db = new DatabaseSync(path, { timeout: waitMs });
  try {
    refuseNewer(db);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    // Asked once more under the lock: of two gateways that start at once, the second finds the tables of the first and must not put them aside.
    if (versionOf(db) === 0) inTransaction(db, () => versionOf(db) === 0 && db.exec(tables));
    return checked(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * Opens a file that may only be read as it lies there (`immutable`): SQLite can't make its own files beside it, and nobody is expected to
 * write to it.
 */
function readable(path: string): LedgerFile {
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  const db = new DatabaseSync(url, { readOnly: true });
  try {
    refuseNewer(db);
    return checked(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
}

function checked(db: DatabaseSync, path: string): LedgerFile {
  if (versionOf(db) !== tablesVersion) throw new OtherVersion(`it is of version ${versionOf(db)}`);
  for (const [table, names] of Object.entries(columns)) db.prepare(`SELECT ${names} FROM ${table}`);
  const { ino } = statSync(path);
  const log = inodeOf(`${path}-wal`);
  const isStill = (): boolean => {
    const now = statSync(path, { throwIfNoEntry: false });
    // Somebody who restores a copy deletes the write-ahead log beside the file: what is written into a deleted one nobody else ever sees.
    return now !== undefined && now.ino === ino && now.size > 0 && inodeOf(`${path}-wal`) === log;
  };
  return { db, isStill };
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

class OtherVersion extends Error {}

/** What a newer version has written is its own: nothing of it is read, changed or put aside. */
class NewerLedger extends Error {}

function refuseNewer(db: DatabaseSync): void {
  const version = versionOf(db);
  if (version <= tablesVersion) return;
  throw new NewerLedger(`a newer version of throughline has written it (tables of version ${version})`);
}

/** SQLITE_CORRUPT and SQLITE_NOTADB: some damage shows only where it is read, or written over. */
export const isDamage = (error: unknown): boolean => [11, 26].includes(resultCode(error) ?? -1);

/** Whether the file can't be used as a ledger: by its version, by its tables (SQLITE_ERROR) or because it is damaged. */
const isUnusable = (error: unknown): boolean =>
  error instanceof OtherVersion || resultCode(error) === 1 || isDamage(error);

const isForbidden = (error: unknown): boolean => hasCode(error, "EROFS", "EACCES", "EPERM");

/** Errors of SQLite or of the system: a ledger can do without its file. Anything else is a mistake of the program. */
export function isOfTheFile(error: unknown): boolean {
  const isOfVersion = error instanceof OtherVersion || error instanceof NewerLedger;
  return isOfVersion || resultCode(error) !== undefined || isSystemError(error);
}
