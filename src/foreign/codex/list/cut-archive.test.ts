import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { listRollouts } from "../home/places.ts";
import { listThreads } from "./list.ts";

test("a compressed rollout that was cut off is listed as one that can't be read, beside all the others", async () => {
  const home = mkdtempSync(join(tmpdir(), "throughline-codex-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  cpSync(join(import.meta.dirname, "../fixtures/0.130.0"), home, { recursive: true });
  const [first, ...others] = listRollouts(home);
  const packed = zstdCompressSync(readFileSync(first!.path));
  writeFileSync(`${first!.path}.zst`, packed.subarray(0, -20));
  rmSync(first!.path);
  const { threads } = await listThreads(home);
  expect(threads.find(({ id }) => id === first!.thread)?.flaws).toEqual(["unreadable"]);
  expect(threads.length).toBe(new Set([first, ...others].map((each) => each!.thread)).size);
});

test("whatever happened to an archive's bytes, it is listed", async () => {
  const home = mkdtempSync(join(tmpdir(), "throughline-codex-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  cpSync(join(import.meta.dirname, "../fixtures/0.58.0"), home, { recursive: true });
  const [file] = listRollouts(home);
  const packed = zstdCompressSync(readFileSync(file!.path));
  rmSync(file!.path);
  const damage = fc.record({
    cut: fc.nat(packed.length),
    bytes: fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { maxLength: 6 }),
    behind: fc.uint8Array({ maxLength: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ cut, bytes, behind }) => {
      const damaged = Buffer.from(packed);
      for (const [at, byte] of bytes) damaged[at] = byte;
      writeFileSync(`${file!.path}.zst`, Buffer.concat([damaged.subarray(0, cut), behind]));
      expect((await listThreads(home)).threads.map(({ id }) => id)).toContain(file!.thread);
    }),
    { numRuns: 150 },
  );
});
