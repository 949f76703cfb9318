import { existsSync, renameSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

/** The version of a file's tables, as `PRAGMA user_version` has it; 0 of a file that has none yet. */
export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
}

/** Runs `work` as one transaction, which is rolled back when it throws. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** SQLite's result code, without its extension; `undefined` for errors of another kind. */
export function resultCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

/** Where `moveAside` puts the file. */
export const asidePath = (path: string): string => `${path}.unusable`;

/** Puts an unusable file out of the way, without its write-ahead log; what was there before under that name is replaced. */
export function moveAside(path: string): string {
  const aside = asidePath(path);
  rmSync(aside, { force: true });
  if (existsSync(path)) renameSync(path, aside);
  for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
  return aside;
}
