import { constants, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { framesOf, unpackedWhole } from "./zstd.ts";

const framesIn = (bytes: Buffer): ReturnType<typeof framesOf> =>
  framesOf((at, length) => bytes.subarray(at, at + length), bytes.length);
const isCut = (bytes: Buffer): boolean => [...framesIn(bytes)].some(({ isWhole }) => !isWhole);

const text = Buffer.from(Array.from({ length: 30_000 }, (_, at) => `${Math.sin(at)}\n`).join(""));
const { ZSTD_c_checksumFlag, ZSTD_c_contentSizeFlag } = constants;
const skipped = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0]), Buffer.from("apart")]);

describe("whether an archive ends within a frame", () => {
  it.each([
    ["one of several blocks", zstdCompressSync(text)],
    ["one with a checksum", zstdCompressSync(text, { params: { [ZSTD_c_checksumFlag]: 1 } })],
    [
      "one that doesn't say how long it gets",
      zstdCompressSync(text, { params: { [ZSTD_c_contentSizeFlag]: 0 } }),
    ],
    ["one of the same byte all along", zstdCompressSync(Buffer.alloc(400_000, 0x61))],
    ["one of what can't be packed", zstdCompressSync(Buffer.from("a"))],
    ["one that is skipped", skipped],
  ])("is told of %s, wherever it was cut", (_, frame) => {
    expect(isCut(frame)).toBe(false);
    const step = Math.max(1, Math.floor(frame.length / 200));
    for (let length = frame.length - 1; length > 0; length -= step)
      expect(isCut(frame.subarray(0, length)), `${length} of ${frame.length}`).toBe(true);
    const two = Buffer.concat([skipped, frame]);
    expect(isCut(two)).toBe(false);
    expect(isCut(two.subarray(0, -1))).toBe(true);
  });

  it("gives each frame with content, and what is none", () => {
    const [one, two] = [zstdCompressSync(text), zstdCompressSync("more")];
    const bytes = Buffer.concat([skipped, one, skipped, two, Buffer.from("what follows")]);
    const [first, second] = [skipped.length, 2 * skipped.length + one.length];
    expect([...framesIn(bytes)]).toEqual([
      { start: first, end: first + one.length, isWhole: true },
      { start: second, end: second + two.length, isWhole: true },
      { start: second + two.length, end: bytes.length, isWhole: true },
    ]);
  });

  it("takes a lost part of zeros for cut off at once, however long it is", () => {
    const frame = zstdCompressSync(text);
    let reads = 0;
    const zeros = Buffer.concat([frame.subarray(0, 20), Buffer.alloc(3_000_000)]);
    const read = (at: number, length: number): Buffer => {
      reads++;
      return zeros.subarray(at, at + length);
    };
    expect([...framesOf(read, zeros.length)].map(({ isWhole }) => isWhole)).toEqual([false]);
    expect(reads).toBeLessThan(1_000);
  });

  it("is no question where there is none, or something else", () => {
    expect(isCut(Buffer.alloc(0))).toBe(false);
    expect(isCut(Buffer.from("no archive"))).toBe(false);
    expect(isCut(Buffer.concat([zstdCompressSync(text), Buffer.from("what follows")]))).toBe(false);
  });
});

it("is not unpacked beyond its limit, by not a byte in one frame or in several", () => {
  const frames = Buffer.concat([zstdCompressSync(text), zstdCompressSync("a"), zstdCompressSync("b")]);
  expect(unpackedWhole(frames, text.length + 2)).toEqual(Buffer.concat([text, Buffer.from("ab")]));
  for (const short of [1, 2, 3]) expect(unpackedWhole(frames, text.length + 2 - short)).toBeUndefined();
});
