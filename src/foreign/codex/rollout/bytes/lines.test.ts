import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { fc } from "../../../../../test/kit/property.ts";
import { temporaryFolder } from "../../../../../test/kit/temporary-folder.ts";
import { expect, test } from "vitest";
import { linesIn, type LineOptions, type RolloutLine, rolloutLines } from "./lines.ts";

const folder = temporaryFolder();
let files = 0;

function written(content: Buffer | string, ending = "jsonl"): string {
  const path = join(folder, `${files++}.${ending}`);
  writeFileSync(path, content);
  return path;
}

async function read(path: string, options?: LineOptions): Promise<RolloutLine[]> {
  const found: RolloutLine[] = [];
  for await (const batch of rolloutLines(path, options))
    for (const line of batch) found.push({ ...line, bytes: Buffer.from(line.bytes) });
  return found;
}

const shape = (line: RolloutLine): unknown[] => [
  line.offset,
  line.length,
  line.ending,
  line.bytes.toString("latin1"),
];

test("lines come with their offsets and endings, a torn tail and an empty line too", async () => {
  const lines = await read(written('\uFEFF{}\n\r\n{"a":1}\r\n\0\0\n{"torn'));
  expect(lines.map(shape)).toEqual([
    [0, 5, "\n", "\xef\xbb\xbf{}"],
    [6, 0, "\r\n", ""],
    [8, 7, "\r\n", '{"a":1}'],
    [17, 2, "\n", "\0\0"],
    [20, 6, "", '{"torn'],
  ]);
});

test("any bytes, in memory, in a file and packed, are the same lines, and nothing is lost between them", async () => {
  const bytes = fc.array(fc.constantFrom(..."\n\n\r\0{é".split(""), "a".repeat(70_000)), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(bytes, async (parts) => {
      const content = Buffer.from(parts.join(""));
      const expected = linesIn(content).map(shape);
      expect((await read(written(content))).map(shape)).toEqual(expected);
      expect((await read(written(zstdCompressSync(content), "jsonl.zst"))).map(shape)).toEqual(expected);
      expect(
        linesIn(content)
          .map(({ bytes: own, ending }) => own.toString() + ending)
          .join(""),
      ).toBe(content.toString());
    }),
    { numRuns: 40 },
  );
});

test("a line longer than a read is whole, and one longer than the limit is its head and its true length", async () => {
  const long = "x".repeat(7_000_000);
  const path = written(`before\n${long}\nafter\n${long}`);
  const whole = await read(path);
  expect(whole.map(({ length, whole: isWhole }) => [length, isWhole])).toEqual([
    [6, true],
    [7_000_000, true],
    [5, true],
    [7_000_000, true],
  ]);
  expect(whole[1]!.bytes.equals(Buffer.from(long))).toBe(true);
  const cut = await read(path, { longest: 100_000 });
  expect(cut.map(({ offset, length, whole: isWhole, ending }) => [offset, length, isWhole, ending])).toEqual([
    [0, 6, true, "\n"],
    [7, 7_000_000, false, "\n"],
    [7_000_008, 5, true, "\n"],
    [7_000_014, 7_000_000, false, ""],
  ]);
  expect(cut[1]!.bytes.length).toBeLessThan(100_000);
});

test("the lines of a batch stay until the next one is asked for, however long that takes", async () => {
  const content = Array.from({ length: 90_000 }, (_, at) => `${at} ${"x".repeat(at % 200)}`);
  content[40_000] = "y".repeat(5_000_000);
  const found: string[] = [];
  for await (const batch of rolloutLines(written(content.join("\n")))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const { bytes } of batch) found.push(bytes.toString());
  }
  expect(found).toEqual(content);
});

test("many short lines come in several batches, and none of them is lost before a line that is too long", async () => {
  const content = `${"\n\r\n".repeat(60_000)}${"x".repeat(300_000)}\n${"{}\n".repeat(70_000)}end`;
  const path = written(content);
  const sizes: number[] = [];
  for await (const batch of rolloutLines(path)) sizes.push(batch.length);
  expect(Math.max(...sizes)).toBeLessThan(40_000);
  expect((await read(path)).map(shape)).toEqual(linesIn(Buffer.from(content)).map(shape));
  const packed = written(zstdCompressSync(Buffer.from(content)), "jsonl.zst");
  for (const cut of [await read(path, { longest: 100_000 }), await read(packed, { longest: 100_000 })]) {
    expect(cut.map(({ index }) => index)).toEqual(Array.from({ length: 190_002 }, (_, at) => at));
    expect(cut.filter(({ whole }) => !whole).map(({ index, length }) => [index, length])).toEqual([
      [120_000, 300_000],
    ]);
    expect(cut.at(-1)).toMatchObject({ offset: content.length - 3, ending: "", whole: true });
  }
});

test("who has seen enough can leave before the end", async () => {
  const path = written("x\n".repeat(5_000_000));
  for await (const batch of rolloutLines(path)) {
    expect(batch[0]!.offset).toBe(0);
    break;
  }
});

test("reading can begin at an offset", async () => {
  const text = "one\ntwo\nthree\n";
  const packed = zstdCompressSync(Buffer.from(text));
  for (const path of [written(text), written(packed, "jsonl.zst")])
    expect((await read(path, { from: 4 })).map(shape)).toEqual([
      [4, 3, "\n", "two"],
      [8, 5, "\n", "three"],
    ]);
});

test("all frames of a compressed file are read, and what is no frame is said", async () => {
  const frames = ["one\n", "two\nthr", "ee\n"].map((text) => zstdCompressSync(Buffer.from(text)));
  const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]);
  const texts = async (packed: Buffer, told: string[]): Promise<string[]> => {
    const found = await read(written(packed, "jsonl.zst"), { onBroken: (why) => told.push(why) });
    return found.map(({ bytes }) => bytes.toString());
  };
  const told: string[] = [];
  expect(await texts(Buffer.concat([skipped, ...frames]), told)).toEqual(["one", "two", "three"]);
  expect(told).toEqual([]);
  expect(await texts(Buffer.concat([...frames, Buffer.from("no frame")]), told)).toEqual([
    "one",
    "two",
    "three",
  ]);
  expect(told).toHaveLength(1);
});

test("of a damaged compressed file all that can be unpacked is read, and it is said", async () => {
  const lines = Array.from({ length: 60_000 }, (_, at) => `{"line":${at},"of":"${Math.sin(at)}"}\n`).join("");
  const packed = zstdCompressSync(Buffer.from(lines));
  const told: string[] = [];
  const half = written(packed.subarray(0, packed.length / 2), "jsonl.zst");
  const found = await read(half, { onBroken: (why) => told.push(why) });
  expect(found.length).toBeGreaterThan(0);
  expect(
    lines.startsWith(
      found
        .slice(0, -1)
        .map(({ bytes }) => `${bytes.toString()}\n`)
        .join(""),
    ),
  ).toBe(true);
  expect(told).toHaveLength(1);
});
