import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codexHomeWith, codexRollouts } from "../../../../test/kit/codex-home.ts";
import { listRollouts, type RolloutFile } from "../home/places.ts";
import { holdsWords } from "./search.ts";

test("a search finds what was said and called, whatever its case, and not what is only in Codex's own texts", async () => {
  const file = codexRollouts("0.169.0").find(({ thread }) => thread.startsWith("01a1fab7-6525"))!;
  expect(await holdsWords(file, [], ["A.TXT"])).toBe(true);
  expect(await holdsWords(file, [], ["a.txt", "nowhere-in-it"])).toBe(false);
  expect(await holdsWords(file, [], ["You are Codex, a coding agent"])).toBe(false);
});

test("a search finds what was said in the files that a reverted thread goes on from, and not what was taken back", async () => {
  const home = codexHomeWith("0.169.0");
  const first = listRollouts(home).find(({ thread }) => thread.startsWith("01a1fab7-6525"))!;
  const said = (ordinal: number, text: string): string =>
    `${JSON.stringify({ timestamp: "2026-11-20T22:00:00.000Z", ordinal, type: "response_item", payload: { type: "message", role: "user", content: [{ type: "input_text", text }] } })}\n`;
  const header = readFileSync(first.path, "utf8").split("\n")[0]!;
  const id = "01a1fab7-ffff-7000-8000-000000000000";
  writeFileSync(first.path, [`${header}\n`, said(1, "early words"), said(2, "taken back")].join(""));
  const record = JSON.parse(header) as { payload: object };
  const history_base = { thread_id: first.rollout, end_ordinal_exclusive: 2, end_byte_offset: 1e9 };
  const path = join(first.path, "..", `rollout-2026-11-20T23-00-00-${first.thread}_${id}.jsonl`);
  writeFileSync(
    path,
    `${JSON.stringify({ ...record, payload: { ...record.payload, history_base } })}\n${said(2, "later words")}`,
  );
  const files = listRollouts(home);
  const newest = files.find((file) => file.path === path)!;
  expect(newest.rollout).not.toBe(newest.thread);
  expect(await holdsWords(newest, files, ["early", "later"])).toBe(true);
  expect(await holdsWords(newest, files, ["taken"])).toBe(false);
});

test("a search passes over a rollout that is gone by now, or can't be opened", async () => {
  const home = codexHomeWith("0.169.0");
  const [file] = listRollouts(home) as [RolloutFile];
  const { path } = file;
  rmSync(path);
  expect(await holdsWords(file, [], ["a.txt"])).toBe(false);
  symlinkSync(path, path);
  expect(await holdsWords(file, [], ["a.txt"])).toBe(false);
});
