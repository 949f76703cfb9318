import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { inTransaction, moveAside, resultCode } from "./sqlite.ts";

const newPath = (): string => join(mkdtempSync(join(tmpdir(), "sqlite-")), "a.sqlite");
const told = "CREATE TABLE told (id INTEGER PRIMARY KEY)";
const tell = "INSERT INTO told VALUES (1)";

test("a transaction begins with the lock that it will need, and is taken back whole when its work throws", () => {
  const path = newPath();
  const [one, two] = [new DatabaseSync(path, { timeout: 0 }), new DatabaseSync(path, { timeout: 0 })];
  one.exec(told);
  const work = (): void => {
    one.exec(tell);
    let isRun = false;
    expect(() => inTransaction(two, () => (isRun = true))).toThrow("locked");
    expect(isRun).toBe(false);
    one.exec(tell);
  };
  let code: number | undefined;
  try {
    inTransaction(one, work);
  } catch (error) {
    code = resultCode(error);
  }
  expect(code, "SQLITE_CONSTRAINT, of SQLITE_CONSTRAINT_PRIMARYKEY").toBe(19);
  expect(inTransaction(two, () => two.prepare("SELECT * FROM told").all())).toEqual([]);
  for (const db of [one, two]) db.close();
});

test("a file that is put aside leaves no write-ahead log to the next one, and one that is gone already is no error", () => {
  const path = newPath();
  for (const [suffix, words] of Object.entries({
    "": "new",
    "-wal": "log",
    "-shm": "index",
    ".unusable": "old",
  }))
    writeFileSync(path + suffix, words);
  const aside = moveAside(path);
  expect(readFileSync(aside, "utf8")).toBe("new");
  expect(["", "-wal", "-shm"].filter((suffix) => existsSync(path + suffix))).toEqual([]);
  expect(() => moveAside(newPath())).not.toThrow();
});
