import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { judge } from "../findings/judge.ts";
import { examine } from "./examine.ts";

const root = mkdtempSync(join(tmpdir(), "throughline-doubles-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const thread = "01a1fab7-43af-7111-ab7c-b4a4c49da1a3";
const record = (ordinal: number, type: string, payload: object): string =>
  `${JSON.stringify({ timestamp: "2026-11-20T20:48:00.000Z", ordinal, type, payload })}\n`;

it("of thousands of records each has its place by its ordinal, and those that stand there twice are found", async () => {
  const header = { id: thread, timestamp: "2026-11-20T20:48:00.000Z", cwd: "/", originator: "codex_exec" };
  const lines = [
    record(0, "session_meta", { ...header, cli_version: "0.169.0", history_mode: "paginated" }),
    ...Array.from({ length: 20_000 }, (_, nth) => record(nth + 1, "event_msg", { type: "token_count" })),
  ];
  const twice = [10, 4_097, 12_345, 19_999];
  const path = join(root, `rollout-2026-11-20T20-48-00-${thread}.jsonl`);
  writeFileSync(path, lines.flatMap((line, at) => (twice.includes(at) ? [line, line] : [line])).join(""));
  const found = await examine(path);
  const doubled = judge(found, { path, now: 0 }).find(({ kind }) => kind === "doubled-record");
  expect(doubled?.places.map(({ line }) => line)).toEqual(twice.map((at, nth) => at + nth + 2));
  let offset = 0;
  for (const [at, line] of lines.entries()) {
    if (found.placeOf(at) !== offset) expect([at, found.placeOf(at)]).toEqual([at, offset]);
    offset += line.length * (twice.includes(at) ? 2 : 1);
  }
  expect(found.placeOf(lines.length)).toBeUndefined();
});
