import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { listRollouts } from "../home/places.ts";
import { listThreads } from "./list.ts";

test("a compressed rollout that was cut off is listed as one that can't be read, beside all the others", () => {
  const home = mkdtempSync(join(tmpdir(), "throughline-codex-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  cpSync(join(import.meta.dirname, "../fixtures/0.130.0"), home, { recursive: true });
  const [first, ...others] = listRollouts(home);
  const packed = zstdCompressSync(readFileSync(first!.path));
  writeFileSync(`${first!.path}.zst`, packed.subarray(0, -20));
  rmSync(first!.path);
  const { threads } = listThreads(home);
  expect(threads.find(({ id }) => id === first!.thread)?.flaws).toEqual(["unreadable"]);
  expect(threads.length).toBe(new Set([first, ...others].map((each) => each!.thread)).size);
});
