// A program that runs while another build replaces it loads its own files later on.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { keepReplaced } from "../../scripts/replaced-chunks.ts";

const day = 24 * 3_600_000;

test("a chunk stays for a day from when it was replaced, however long ago it was built", () => {
  const folder = mkdtempSync(join(tmpdir(), "throughline-chunks-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const isThere = (name: string): boolean => existsSync(join(folder, name));
  /** What a build does, at the end of which the clock says `now`. */
  const build = (now: number, ...names: string[]): void => {
    for (const name of names) {
      writeFileSync(join(folder, name), "");
      utimesSync(join(folder, name), now / 1_000, now / 1_000);
    }
    keepReplaced(folder, names, now);
  };
  build(0, "main.js", "picker-a.js");
  build(3 * day, "main.js", "picker-b.js");
  expect(isThere("picker-a.js"), "three days old, and replaced just now").toBe(true);
  build(3.5 * day, "main.js", "picker-c.js");
  expect(isThere("picker-a.js")).toBe(true);
  build(4.2 * day, "main.js", "picker-c.js");
  expect(isThere("picker-a.js"), "replaced more than a day ago").toBe(false);
  expect(isThere("picker-b.js"), "replaced less than a day ago").toBe(true);
  expect(isThere("picker-c.js")).toBe(true);
});

test("a package holds what the last build wrote, and nothing that earlier ones left", () => {
  const root = mkdtempSync(join(tmpdir(), "throughline-chunks-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const folder = join(root, "dist", "program");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(root, "package.json"), '{ "name": "it", "version": "1.0.0", "files": ["dist"] }');
  for (const names of [
    ["main.js", "picker-a.js"],
    ["main.js", "picker-b.js"],
  ]) {
    for (const name of names) writeFileSync(join(folder, name), "");
    keepReplaced(folder, names, Date.now());
  }
  expect(existsSync(join(folder, "picker-a.js"))).toBe(true);
  const packed = execFileSync("npm", ["pack", "--dry-run", "--json", "--offline"], {
    cwd: root,
    encoding: "utf8",
  });
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
  expect(files.map(({ path }) => path).sort()).toEqual([
    "dist/program/main.js",
    "dist/program/picker-b.js",
    "package.json",
  ]);
});

test("what a build left that made no list is kept for a day too", () => {
  const folder = mkdtempSync(join(tmpdir(), "throughline-chunks-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "old.js"), "");
  utimesSync(join(folder, "old.js"), 0, 0);
  keepReplaced(folder, ["main.js"], 5 * day);
  expect(existsSync(join(folder, "old.js"))).toBe(true);
  keepReplaced(folder, ["main.js"], 6.1 * day);
  expect(existsSync(join(folder, "old.js"))).toBe(false);
});
