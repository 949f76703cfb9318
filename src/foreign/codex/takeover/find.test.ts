import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { codexFixtures } from "../../../../test/kit/codex-home.ts";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { findThreads, hasRollout } from "./find.ts";

/** Made on 2026-11-20. */
const thread = "01a1fab7-6525-7111-ab7c-b4a4c49da1a3";
const segment = "01a1fab8-0000-7000-8000-000000000001";

/** A home with a file of the thread at each of these paths. */
function homeWith(...paths: readonly string[]): string {
  const home = temporaryFolder();
  const payload = { id: thread, timestamp: "2026-11-20T20:48:05.000Z", cwd: "/w", cli_version: "0.169.0" };
  for (const path of paths) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), `${JSON.stringify({ ordinal: 0, type: "session_meta", payload })}\n`);
  }
  return home;
}

test("of a thread with several files the one is taken that Codex's state database names, and the newest where that is gone", async () => {
  const [first, second] = ["20-48-05-" + thread, `21-00-00-${thread}_${segment}`].map(
    (name) => `sessions/2026/11/20/rollout-2026-11-20T${name}.jsonl`,
  ) as [string, string];
  const home = homeWith(first, second);
  const database = new DatabaseSync(join(home, "state_5.sqlite"));
  onTestFinished(() => database.close());
  database.exec("CREATE TABLE threads (id TEXT PRIMARY KEY, rollout_path TEXT, name TEXT)");
  const naming = (path: string, name: string | null): void =>
    void database
      .prepare("INSERT OR REPLACE INTO threads VALUES (?, ?, ?)")
      .run(thread, join(home, path), name);
  const found = async (reference: string): Promise<string[]> =>
    (await findThreads(home, reference)).map(({ file }) => file.path);
  for (const [named, taken] of [
    [first, first],
    [second, second],
    ["sessions/gone.jsonl", second],
  ] as const) {
    naming(named, null);
    expect(await found(thread), named).toEqual([join(home, taken)]);
  }
  naming(first, "mine");
  expect(await found("mine"), "by the name that it has there").toEqual([join(home, first)]);
});

test("a thread is found by its id, its beginning and the name that a person gave it", async () => {
  const home = join(codexFixtures, "0.169.0");
  const id = "01a1fada-0b9c-7483-9338-2ca5620af9fd";
  for (const reference of [id, id.slice(0, 13), id.toUpperCase(), "my named session"]) {
    const found = await findThreads(home, reference);
    expect(found.map(({ file, name }) => [file.thread, name])).toEqual([[id, "my named session"]]);
  }
  expect(await findThreads(home, "my named")).toEqual([]);
  expect(await findThreads(join(home, "nowhere"), id)).toEqual([]);
});

test("a thread is found by the first four letters of its id, and by no fewer", async () => {
  const home = homeWith(`sessions/2026/11/20/rollout-2026-11-20T20-48-05-${thread}.jsonl`);
  expect((await findThreads(home, thread.slice(0, 4))).map(({ file }) => file.thread)).toEqual([thread]);
  expect(await findThreads(home, thread.slice(0, 3))).toEqual([]);
});

test("an archived thread beside which a sync program has left an empty file among the others is the archived one", async () => {
  const archived = `archived_sessions/rollout-2026-11-20T20-48-05-${thread}.jsonl`;
  const empty = `sessions/2026/11/20/rollout-2026-11-20T20-48-05-${thread} 2.jsonl`;
  const home = homeWith(archived, empty);
  writeFileSync(join(home, empty), "");
  expect((await findThreads(home, thread)).map(({ file }) => file.path)).toEqual([join(home, archived)]);
});

test("a rollout is known to be there in the folder of the day on which its thread was made, of a day beside it, or archived", () => {
  const told: string[] = [];
  const has = (home: string, of = thread): boolean => hasRollout(home, of, (path) => told.push(path));
  const name = `rollout-2026-11-20T20-48-05-${thread}.jsonl`;
  for (const folder of ["19", "20", "21"].map((day) => `sessions/2026/11/${day}`))
    expect(has(homeWith(`${folder}/other.jsonl`, `${folder}/${name}`)), folder).toBe(true);
  expect(has(homeWith(`archived_sessions/${name}.zst`))).toBe(true);
  expect(has(homeWith(`sessions/2026/11/23/${name}`)), "in another folder").toBe(false);
  expect(has(homeWith("sessions/2026/11/20/other.jsonl")), "another one").toBe(false);
  expect(has(homeWith()), "no folder").toBe(false);
  expect(has(homeWith(`archived_sessions/rollout-2025-05-02-3f6b1f9c.json`), "3f6b1f9c")).toBe(false);
  expect(told, "none of which can't be looked at").toEqual([]);
});
