import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { digest, isBetween, writeInPlace } from "./in-place.ts";

const root = temporaryFolder();
const [path, before, after] = ["file", "before", "after"].map((name) => join(root, name)) as [
  string,
  string,
  string,
];

/** More than one block. */
const many = 700_001;
const filled = (letter: string, bytes = many): Buffer => Buffer.alloc(bytes, letter);
const changed = (bytes: Buffer, ...places: number[]): Buffer => {
  const own = Buffer.from(bytes);
  for (const place of places) own.write("#", place);
  return own;
};

describe("a file that is written in place", () => {
  it.each([
    ["longer", filled("a"), Buffer.concat([changed(filled("a"), 5, 600_000), filled("b")])],
    ["shorter", Buffer.concat([filled("a"), filled("b")]), changed(filled("a"), many - 1)],
    ["as long", filled("a"), changed(filled("a"), 0, 300_000, many - 1)],
    ["empty", filled("a"), Buffer.alloc(0)],
  ])(
    "has the bytes of the other one, which is %s, for whoever has it open too",
    async (_what, old, fresh) => {
      writeFileSync(path, old);
      writeFileSync(after, fresh);
      const open = openSync(path, "r");
      await writeInPlace(path, after);
      const read = Buffer.alloc(fresh.length + 10);
      expect(readSync(open, read, 0, read.length, 0)).toBe(fresh.length);
      closeSync(open);
      expect(read.subarray(0, fresh.length).equals(fresh)).toBe(true);
      expect(readFileSync(path).equals(fresh)).toBe(true);
    },
  );
});

describe("a file in which a repair was cut off", () => {
  function is(found: Buffer, old: Buffer, fresh: Buffer): Promise<boolean> {
    writeFileSync(path, found);
    writeFileSync(before, old);
    writeFileSync(after, fresh);
    return isBetween(path, before, after);
  }
  const [old, fresh] = [filled("a"), Buffer.concat([filled("b"), Buffer.from("end")])];

  it("is what it was, what it should be, or anything between the two", async () => {
    const half = Buffer.concat([fresh.subarray(0, 300_000), old.subarray(300_000)]);
    for (const found of [old, fresh, half, fresh.subarray(0, 400_000)])
      expect(await is(found, old, fresh)).toBe(true);
    // One that becomes shorter is written first and cut then.
    const cut = fresh.subarray(0, 10);
    expect(await is(Buffer.concat([cut, old.subarray(10)]), old, cut)).toBe(true);
  });

  it("is somebody else's work as soon as one byte is neither's, or there are more of them", async () => {
    for (const place of [0, 262_143, 262_144, many - 1])
      expect(await is(changed(old, place), old, fresh)).toBe(false);
    expect(await is(changed(fresh, many + 2), old, fresh)).toBe(false);
    expect(await is(Buffer.concat([fresh, Buffer.from("!")]), old, fresh)).toBe(false);
    expect(await is(Buffer.concat([old, Buffer.from("!")]), old, fresh)).toBe(false);
    // What goes on in the same way where the one that it was like has ended.
    expect(await is(filled("a", many + 50), filled("a"), filled("b", many + 100))).toBe(false);
    expect(await is(filled("b", many + 50), filled("a", many + 100), filled("b"))).toBe(false);
  });
});

it("a digest is of all bytes, or of the first ones", async () => {
  const bytes = changed(filled("a"), 300_000);
  writeFileSync(path, bytes);
  const sha = (of: Buffer): string => createHash("sha256").update(of).digest("hex");
  expect(await digest(path)).toBe(sha(bytes));
  for (const count of [0, 10, 262_144, 300_001, many, many + 5])
    expect(await digest(path, count)).toBe(sha(bytes.subarray(0, count)));
});

it("what goes through a whole file gives way to others again and again", async () => {
  const bytes = filled("a", 2_000_000);
  for (const file of [path, before]) writeFileSync(file, bytes);
  writeFileSync(after, filled("b", 2_000_000));
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 1_000));
  let turns = 0;
  let next = setImmediate(function turn() {
    turns++;
    next = setImmediate(turn);
  });
  onTestFinished(() => {
    clearImmediate(next);
    clock.mockRestore();
  });
  for (const act of [
    () => digest(path),
    () => isBetween(path, before, after),
    () => writeInPlace(path, after),
  ]) {
    turns = 0;
    await act();
    expect(turns).toBeGreaterThan(5);
  }
});
