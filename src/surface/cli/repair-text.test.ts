import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../../test/kit/temporary-folder.ts";
import { codexFixtures } from "../../../test/kit/codex-home.ts";
import { listRollouts } from "../../foreign/codex/home/places.ts";
import { prepareRepair } from "../../foreign/codex/repair/prepare.ts";
import { repairRollout } from "../../foreign/codex/repair/repair.ts";
import { doneText, nothingText, previewText } from "./repair-text.ts";

test("the next command can be pasted whatever its path holds, and nothing of it reaches the terminal", () => {
  const text = nothingText("/home/a b/it's\u001b[2J.jsonl", "/home/a b/it's\u001b[2J.jsonl");
  expect(text).toContain("throughline doctor '/home/a b/it'\\''s");
  expect(text).not.toContain("\u001b");
});

test("what an edit takes away is shown as it stood, also behind a line that was moved or put in before it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "throughline-diff-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const source = listRollouts(join(codexFixtures, "0.169.0")).find(({ path }) =>
    readFileSync(path, "utf8").includes('"encrypted_content"'),
  );
  const lines = readFileSync(source!.path, "utf8").split("\n");
  const ahead = lines.findIndex((line) => line.includes('"type":"reasoning"'));
  const moved = lines.at(-2)!;
  const path = join(folder, basename(source!.path));
  writeFileSync(path, [...lines.slice(1, ahead), moved, ...lines.slice(ahead, -2), ""].join("\n"));
  const prepared = await prepareRepair(path, { home: folder, seals: { which: "all" } });
  const shown = previewText(prepared).split("\n");
  const after = (says: string): (string | undefined)[] =>
    shown.flatMap((line, nth) => (line.includes(says) ? [shown[nth + 1]] : []));
  const reasoning = lines.filter((line) => line.includes('"type":"reasoning"'));
  expect(reasoning.length).toBeGreaterThan(0);
  expect(after("sealed reasoning becomes spaces")).toEqual(
    reasoning.map((line) => `- ${line.slice(0, 99)}…`),
  );
  expect(after("the line goes to its place")).toEqual([`- ${moved.slice(0, 99)}…`]);
  expect(after("the line that stood elsewhere")).toEqual([`+ ${moved.slice(0, 99)}…`]);
});

test.each([
  ["0.29.0", /^Go on: throughline resume \S+$/mu],
  ["0.36.0", /^Go on: codex resume \S+$/mu],
])("a repaired session of %s is gone on with where its lines are read", async (version, command) => {
  const folder = temporaryFolder();
  const [source] = listRollouts(join(codexFixtures, version));
  const path = join(folder, basename(source!.path));
  // A torn last line.
  writeFileSync(path, readFileSync(source!.path, "utf8").trimEnd().slice(0, -9));
  const done = await repairRollout(path, { home: join(folder, "own"), seals: { which: "all" } });
  expect(doneText(done!, done!.journal.thread!, [])).toMatch(command);
});
