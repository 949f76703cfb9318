import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { basename, dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import { historyIndex } from "../../../../test/kit/codex-databases.ts";
import { codexRollouts } from "../../../../test/kit/codex-home.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { CodexDatabases } from "../home/databases.ts";
import { repairRollout, undoRepair } from "./repair.ts";

it.each([
  ["comes back", "", [[1, 5, '{"turn":1}']]],
  ["is gone, for Codex to make it anew, where Codex has gone on since", "{}\n", []],
])("the index that a repair removed %s when that is taken back", async (_, since, expected) => {
  const [, source] = codexRollouts("0.169.0");
  const root = temporaryFolder();
  const path = join(root, "codex", "sessions", basename(source!.path));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, readFileSync(source!.path));
  const database = new DatabaseSync(join(root, "codex", "thread_history_1.sqlite"));
  const { thread } = source!;
  const more =
    "thread_id TEXT PRIMARY KEY, rollout_byte_offset INTEGER, rollout_ordinal INTEGER, item_json TEXT";
  database.exec(
    `CREATE TABLE thread_history_projection_state (thread_id, next_rollout_byte_offset, next_rollout_ordinal);
     CREATE TABLE thread_turns (${more});
     INSERT INTO thread_history_projection_state VALUES ('${thread}', 99999999, 25), ('another', 1, 1);
     INSERT INTO thread_turns VALUES ('${thread}', 1, 5, '{"turn":1}'), ('another', 3, 4, '')`,
  );
  const held = (): unknown[] =>
    database
      .prepare("SELECT * FROM thread_turns WHERE thread_id = ?")
      .all(thread)
      .map((row) => Object.values(row).slice(1));
  const home = join(root, "own");
  const done = await repairRollout(path, { home });
  expect([done?.journal.forgotIndex, held()]).toEqual([true, []]);
  expect(statSync(join(done!.folder.path, "index.sqlite")).mode & 0o777, "for its owner only").toBe(0o600);
  if (since !== "") writeFileSync(path, since, { flag: "a" });
  else {
    // A disk that fails meanwhile: what was kept isn't given up.
    const { exec } = DatabaseSync.prototype;
    const failing = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      if (!sql.startsWith("INSERT INTO main.thread_turns")) return exec.call(this, sql);
      throw Object.assign(new Error("disk I/O error"), { code: "ERR_SQLITE_ERROR", errcode: 10 });
    });
    await expect(undoRepair(path, { home })).rejects.toThrow("was cut off: disk I/O error");
    failing.mockRestore();
  }
  await undoRepair(path, { home });
  expect(held()).toEqual(expected);
  expect(database.prepare("SELECT count(*) AS n FROM thread_history_projection_state").get()).toEqual({
    n: 1 + expected.length,
  });
  database.close();
});

it("a repair is taken back though what it has kept of the index is damaged", async () => {
  const [, source] = codexRollouts("0.169.0");
  const root = temporaryFolder();
  const path = join(root, "codex", "sessions", basename(source!.path));
  mkdirSync(dirname(path), { recursive: true });
  const bytes = readFileSync(source!.path);
  writeFileSync(path, bytes);
  const home = join(root, "own");
  const done = await repairRollout(path, { home });
  new DatabaseSync(join(root, "codex", "thread_history_1.sqlite")).close();
  writeFileSync(join(done!.folder.path, "index.sqlite"), "no database".repeat(100));
  await undoRepair(path, { home });
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

it.each([
  ["goes", undefined, "gone"],
  ["stays where another file goes on from this one, for Codex makes none anew then,", "fork", "there"],
] as const)(
  "an index that a repair had no need to remove %s when taking that back moves what it was made from",
  async (_, fork, expected) => {
    const [, source] = codexRollouts("0.169.0");
    const root = temporaryFolder();
    const path = join(root, "codex", "sessions", basename(source!.path));
    mkdirSync(dirname(path), { recursive: true });
    const text = readFileSync(source!.path, "utf8");
    writeFileSync(path, text);
    const { thread } = source!;
    const second = text.indexOf("\n") + 1;
    if (fork) {
      const header = JSON.parse(text.slice(0, second)) as { payload: object };
      const id = "01a1fe21-a4f7-7732-aaac-cfb0c4572f0c";
      const history_base = { thread_id: thread, end_ordinal_exclusive: 1, end_byte_offset: second };
      const line = JSON.stringify({
        ...header,
        ordinal: 1,
        payload: { ...header.payload, id, history_base },
      });
      writeFileSync(join(dirname(path), `rollout-2026-11-23T11-00-00-${id}.jsonl`), `${line}\n`);
    }
    // It has come no further than the first line.
    const offset = Buffer.byteLength(text.slice(0, second));
    historyIndex(join(root, "codex"), { thread, offset, ordinal: 1 });
    const index = (): string =>
      new CodexDatabases(join(root, "codex")).indexes(thread).has(thread) ? "there" : "gone";
    const home = join(root, "own");
    const done = await repairRollout(path, { home });
    expect(done?.journal).toMatchObject({ mended: { "call-without-output": 1 }, forgotIndex: false });
    expect(index()).toBe("there");
    await undoRepair(path, { home });
    expect(index()).toBe(expected);
  },
);
