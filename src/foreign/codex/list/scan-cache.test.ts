import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codexHomeWith } from "../../../../test/kit/codex-home.ts";
import { listThreads } from "./list.ts";

test("of a cache that says what no cache says, or that another version has written, nothing is taken", async () => {
  const home = codexHomeWith("0.130.0");
  const cache = join(home, "cache");
  const { threads: whole } = await listThreads(home, { cache });
  const [file] = readdirSync(cache);
  const held = JSON.parse(readFileSync(join(cache, file!), "utf8")) as { format: number; rows: unknown[][] };
  const row = held.rows[0]!;
  const facts = row[3] as object;
  for (const rows of [
    [[1, 2], { x: 1 }, null, "row"],
    [row.with(0, 1), row.with(1, "1"), row.with(2, null), row.with(3, []), row.slice(0, 3)],
    [row.with(3, { ...facts, flaws: "none" }), row.with(3, { ...facts, updated: null })],
    "none",
  ]) {
    writeFileSync(join(cache, file!), JSON.stringify({ ...held, rows }));
    expect(await listThreads(home, { cache })).toEqual({ threads: whole, read: whole.length, troubles: [] });
  }
  const older = held.rows.map((each) =>
    each.with(3, { ...(each[3] as object), title: "of another version" }),
  );
  writeFileSync(join(cache, file!), JSON.stringify({ format: held.format - 1, rows: older }));
  expect((await listThreads(home, { cache })).threads).toEqual(whole);
});

test("where nothing can be kept that is said, and what is read is counted", async () => {
  const home = codexHomeWith("0.130.0");
  const cache = join(home, "a file");
  writeFileSync(cache, "");
  const told: [number, number][] = [];
  const { threads, troubles } = await listThreads(home, {
    cache,
    onRead: (...numbers) => told.push(numbers),
  });
  expect(troubles).toEqual([
    expect.stringMatching(
      /^what was found in Codex's rollouts can't be kept in .*a file.*no folder \(ENOTDIR\)$/u,
    ),
  ]);
  expect(told).toEqual([[0, threads.length]]);
});
