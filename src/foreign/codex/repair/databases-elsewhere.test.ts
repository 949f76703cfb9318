import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { historyIndex, inDatabase, stateDatabase } from "../../../../test/kit/codex-databases.ts";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { foundBeside } from "../../../../test/kit/judged.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { CodexDatabases } from "../home/databases.ts";
import { repairRollout, undoRepair } from "./repair.ts";

const source = codexRollouts("0.130.0")[0]!;
let [root, home, own, path] = ["", "", "", ""];
beforeEach(() => {
  root = temporaryFolder();
  [home, own] = [join(root, "codex"), join(root, "own")];
  path = join(home, "sessions", "2026", "11", "20", basename(source.path));
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, readFileSync(source.path));
  vi.stubEnv("CODEX_HOME", home);
});

/** A state database in a folder that names this place for the session. Its file. */
const naming = (place: string, folder: string): string =>
  stateDatabase(folder, { id: source.thread, rollout_path: place });

/** A history index in a folder that has read beyond the session's end. Its file. */
const ahead = (folder: string): string => historyIndex(folder, { thread: source.thread });

const named = (file: string): unknown =>
  inDatabase(
    file,
    (database) => database.prepare("SELECT rollout_path AS path FROM threads").get()?.["path"],
  );
const indexed = (file: string): unknown =>
  inDatabase(
    file,
    (database) => database.prepare("SELECT count(*) AS n FROM thread_history_projection_state").get()?.["n"],
  );

const kinds = async (of = path): Promise<string[]> => (await foundBeside(of, own, 0)).map(({ kind }) => kind);

describe.each([
  ["where the settings say", (): string => set('sqlite_home = "dbs"', join(home, "dbs"))],
  ["where CODEX_SQLITE_HOME says", (): string => exported(join(root, "dbs"))],
  ["in the desktop app's folder", (): string => join(home, "sqlite")],
])("databases %s", (_, at) => {
  it("are told the session's place, and the wrong one again when that is taken back", async () => {
    const file = naming("/gone/rollout.jsonl", at());
    expect(await kinds()).toEqual(["state-moved"]);
    await repairRollout(path, { home: own });
    expect([await kinds(), named(file)]).toEqual([[], path]);
    await undoRepair(path, { home: own });
    expect(named(file)).toBe("/gone/rollout.jsonl");
  });

  it("lose an index that doesn't fit, and have it again when that is taken back", async () => {
    const file = ahead(at());
    expect(await kinds()).toEqual(["index-stale"]);
    await repairRollout(path, { home: own });
    expect([await kinds(), indexed(file)]).toEqual([[], 0]);
    await undoRepair(path, { home: own });
    expect(indexed(file)).toBe(1);
  });
});

it("what the app and the command line have alike is put right at once, and what was right stays", async () => {
  const [apps, lines] = [
    naming("/gone/rollout.jsonl", join(home, "sqlite")),
    naming("/gone/rollout.jsonl", home),
  ];
  const third = naming(path, exported(join(root, "dbs")));
  await repairRollout(path, { home: own });
  expect([apps, lines, third].map(named)).toEqual([path, path, path]);
  await undoRepair(path, { home: own });
  expect([apps, lines, third].map(named)).toEqual(["/gone/rollout.jsonl", "/gone/rollout.jsonl", path]);
});

it.each([
  ["the settings name another folder", (): string => set('sqlite_home = "dbs"', join(home, "dbs"))],
  ["CODEX_SQLITE_HOME does", (): string => exported(join(root, "dbs"))],
])("a repair of an older version is taken back in the home itself, also where %s", async (_, elsewhere) => {
  const inHome = naming("/gone/rollout.jsonl", home);
  const done = await repairRollout(path, { home: own });
  const { movedIn: _movedIn, ...older } = done!.journal;
  writeFileSync(join(done!.folder.path, "journal.json"), JSON.stringify(older));
  const other = naming(path, elsewhere());
  await undoRepair(path, { home: own });
  expect([inHome, other].map(named)).toEqual(["/gone/rollout.jsonl", path]);
});

it("a folder that a link leads to, too, is one", async () => {
  const file = ahead(join(home, "sqlite"));
  symlinkSync(join(home, "sqlite"), exported(join(root, "link")));
  await repairRollout(path, { home: own });
  await undoRepair(path, { home: own });
  expect(indexed(file)).toBe(1);
});

it("each index has its own rows again, and what is none is in nobody's way", async () => {
  const [apps, lines, none] = [
    ahead(join(home, "sqlite")),
    ahead(home),
    join(exported(join(root, "dbs")), "thread_history_1.sqlite"),
  ];
  inDatabase(apps, (database) =>
    database.exec("UPDATE thread_history_projection_state SET next_rollout_ordinal = 7"),
  );
  mkdirSync(join(root, "dbs"));
  writeFileSync(none, "");
  await repairRollout(path, { home: own });
  expect([apps, lines].map(indexed)).toEqual([0, 0]);
  await undoRepair(path, { home: own });
  const ordinal = (database: DatabaseSync): unknown =>
    database.prepare("SELECT next_rollout_ordinal AS n FROM thread_history_projection_state").get()?.["n"];
  expect([apps, lines].map((file) => inDatabase(file, ordinal))).toEqual([7, 25]);
});

it("an index of which nothing was kept yet stays when the repair is taken back", () => {
  const file = ahead(home);
  // As the kill leaves it between the file's making and its filling.
  writeFileSync(join(root, "index.sqlite"), "");
  new CodexDatabases(home).restoreIndex(source.thread, join(root, "index.sqlite"));
  expect(indexed(file)).toBe(1);
});

it("CODEX_SQLITE_HOME says nothing of another home, nor a database in the home where the settings name a folder", async () => {
  naming("/gone/rollout.jsonl", exported(join(root, "dbs")));
  expect(await kinds()).toEqual(["state-moved"]);
  vi.stubEnv("CODEX_HOME", join(root, "another"));
  expect(await kinds()).toEqual([]);
  naming("/gone/rollout.jsonl", home);
  expect(await kinds()).toEqual(["state-moved"]);
  set(`sqlite_home = "${join(root, "empty")}"`, "");
  expect(await kinds()).toEqual([]);
});

it("an index isn't that of a copy under another folder where a database names the session's own file", async () => {
  naming(path, home);
  const file = ahead(home);
  const copy = join(home, "sessions", "__backups__", "1", basename(path));
  mkdirSync(join(copy, ".."), { recursive: true });
  writeFileSync(copy, readFileSync(path));
  expect(await kinds(copy)).toEqual([]);
  expect(await kinds(path)).toEqual(["index-stale"]);
  expect(await repairRollout(copy, { home: own })).toBeUndefined();
  expect(indexed(file)).toBe(1);
});

function set(line: string, folder: string): string {
  writeFileSync(join(home, "config.toml"), `${line}\n`);
  return folder;
}

function exported(folder: string): string {
  vi.stubEnv("CODEX_SQLITE_HOME", folder);
  return folder;
}
