import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
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
  if (since !== "") writeFileSync(path, since, { flag: "a" });
  await undoRepair(path, { home });
  expect(held()).toEqual(expected);
  expect(database.prepare("SELECT count(*) AS n FROM thread_history_projection_state").get()).toEqual({
    n: 1 + expected.length,
  });
  database.close();
});

it("an index that Codex has made since a repair goes where taking that back moves what it was made from", async () => {
  const [, source] = codexRollouts("0.169.0");
  const root = temporaryFolder();
  const path = join(root, "codex", "sessions", basename(source!.path));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, readFileSync(source!.path));
  const home = join(root, "own");
  const done = await repairRollout(path, { home });
  expect(done?.journal).toMatchObject({ mended: { "call-without-output": 1 }, forgotIndex: false });
  const database = new DatabaseSync(join(root, "codex", "thread_history_1.sqlite"));
  database.exec(
    "CREATE TABLE thread_history_projection_state (thread_id, next_rollout_byte_offset, next_rollout_ordinal); CREATE TABLE thread_turns (thread_id, rollout_byte_offset)",
  );
  const { thread } = source!;
  database
    .prepare("INSERT INTO thread_history_projection_state VALUES (?, ?, 25)")
    .run(thread, statSync(path).size);
  database.close();
  const databases = new CodexDatabases(join(root, "codex"));
  expect(databases.indexes(thread).get(thread)).toBeDefined();
  await undoRepair(path, { home });
  expect(databases.indexes(thread).get(thread)).toBeUndefined();
});
