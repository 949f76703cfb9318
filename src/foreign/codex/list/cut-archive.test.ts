import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { zstdCompressSync } from "node:zlib";
import { fc } from "../../../../test/kit/property.ts";
import { expect, test } from "vitest";
import { codexHomeWith } from "../../../../test/kit/codex-home.ts";
import { listRollouts } from "../home/places.ts";
import { listThreads } from "./list.ts";

test("a compressed rollout that was cut off is listed as one that can't be read, beside all the others", async () => {
  const home = codexHomeWith("0.130.0");
  const [first, ...others] = listRollouts(home);
  const packed = zstdCompressSync(readFileSync(first!.path));
  writeFileSync(`${first!.path}.zst`, packed.subarray(0, -20));
  rmSync(first!.path);
  const { threads } = await listThreads(home);
  expect(threads.find(({ id }) => id === first!.thread)?.flaws).toEqual(["unreadable"]);
  expect(threads.length).toBe(new Set([first, ...others].map((each) => each!.thread)).size);
});

test("a compressed rollout that is too large to be unpacked for a list is listed by its head, and is no damage", async () => {
  const home = codexHomeWith("0.130.0");
  const [file] = listRollouts(home);
  const plain = (await listThreads(home)).threads.find(({ id }) => id === file!.thread)!;
  const own = readFileSync(file!.path, "utf8");
  const answer = own.split("\n").find((line) => line.includes('"role":"assistant"'))!;
  // 90 MB: one that packs well all along, and one whose beginning hardly does.
  const lines = (fill: (nth: number) => string): string =>
    own +
    Array.from({ length: 900 }, (_, nth) => `${answer.replace('"text":"', `"text":"${fill(nth)}`)}\n`).join(
      "",
    );
  const digits = Array.from({ length: 2_000 }, (_, nth) =>
    createHash("sha256").update(String(nth)).digest("base64"),
  ).join("");
  rmSync(file!.path);
  for (const fill of [() => "x".repeat(100_000), (nth: number) => digits.slice(nth) + digits.slice(0, nth)]) {
    writeFileSync(`${file!.path}.zst`, zstdCompressSync(lines(fill)));
    const {
      messages,
      bytes: _bytes,
      updated: _updated,
      estimated,
      ...listed
    } = (await listThreads(home)).threads.find(({ id }) => id === file!.thread)!;
    expect(listed).toMatchObject({ title: plain.title, model: plain.model, cwd: plain.cwd, flaws: [] });
    expect(estimated).toBe(true);
    expect(messages).toBeGreaterThan(100);
  }
});

test("whatever happened to an archive's bytes, it is listed", async () => {
  const home = codexHomeWith("0.58.0");
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
