import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { listThreads } from "../list/list.ts";

const home = temporaryFolder();

test("a copy under another name is the session where the session's own file isn't beside it", async () => {
  const id = "01a1fab7-6ca0-7853-978f-a8ff0a61dcf0";
  const folder = join(home, "sessions", "2026", "10", "04");
  mkdirSync(folder, { recursive: true });
  const [own, copy, second] = ["", " (1)", " (2)"].map((more) =>
    join(folder, `rollout-2026-10-04T10-00-00-${id}${more}.jsonl`),
  );
  const timestamp = "2026-10-04T10:00:00.000Z";
  const payload = { id, timestamp, cwd: "/w", originator: "codex_exec", cli_version: "0.98.0" };
  const text = `${JSON.stringify({ timestamp, type: "session_meta", payload })}\n`;
  for (const path of [own!, copy!]) writeFileSync(path, text);
  const listed = async (): Promise<object[]> => (await listThreads(home)).threads;
  expect(await listed()).toMatchObject([{ id, path: own, flaws: [], bytes: text.length }]);
  rmSync(own!);
  expect(await listed()).toMatchObject([{ id, path: copy, flaws: [] }]);
  writeFileSync(second!, text);
  expect(await listed()).toMatchObject([{ id, path: second, flaws: ["two-files"] }]);
  renameSync(second!, own!);
  expect(await listed()).toMatchObject([{ id, path: own, flaws: [] }]);
});
