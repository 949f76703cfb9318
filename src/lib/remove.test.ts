import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { removeWhole } from "./remove.ts";

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "throughline-remove-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a folder is gone although somebody makes and renames files in it", async () => {
  const folder = join(scratch(), "session");
  const inner = join(folder, "spool", "4");
  // A tool's wrapper that outlived its owner.
  const writer = new Worker(
    `const { renameSync, writeFileSync } = require("node:fs");
     const { workerData: inner } = require("node:worker_threads");
     for (let at = 0; ; at = (at + 1) % 50) {
       try {
         writeFileSync(inner + "/new" + at, "x");
         renameSync(inner + "/new" + at, inner + "/exit" + at);
       } catch (error) {
         if (error.code !== "ENOENT") throw error;
       }
     }`,
    { eval: true, workerData: inner },
  );
  onTestFinished(async () => void (await writer.terminate()));
  for (let round = 0; round < 20; round++) {
    mkdirSync(inner, { recursive: true });
    writeFileSync(join(folder, "log.jsonl"), "secret");
    for (let waited = 0; !existsSync(join(inner, "exit0")) && waited < 2_000; waited++) await wait(1);
    removeWhole(folder);
    expect(existsSync(folder)).toBe(false);
  }
});

test("a link goes and not what it leads to; what isn't there is removed already", () => {
  const folder = scratch();
  const [kept, link] = [join(folder, "kept"), join(folder, "link")];
  mkdirSync(kept);
  symlinkSync(kept, link);
  removeWhole(link);
  expect([existsSync(link), existsSync(kept)]).toEqual([false, true]);
  removeWhole(join(folder, "nothing"));
});
