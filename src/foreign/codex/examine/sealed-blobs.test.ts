import { expect, test } from "vitest";
import { type SealedBlob, SealedBlobs } from "./sealed-blobs.ts";

const blob = (at: number): SealedBlob => ({
  index: at,
  at: at * 1e9,
  bytes: at + 1,
  in: (["reasoning", "compaction", "message"] as const)[at % 3]!,
  malformed: at % 5 === 0,
  isWords: at % 10 === 0,
  tail: `…${at}\u{1F600}`.slice(0, at % 9),
  ...(at % 2 === 0 && { id: `rs_${"é中"[at % 4] ?? ""}${at}` }),
  ...(at % 7 === 0 && { sealedAt: at * 1_000 }),
});

test("blobs come back as they were given, in their order, however many", () => {
  const blobs = new SealedBlobs(10_000);
  const given = Array.from({ length: 3_000 }, (_, at) => blob(at));
  for (const one of given) blobs.add(one);
  expect([...blobs]).toEqual(given);
  expect([...blobs]).toEqual(given);
  expect(blobs.count).toBe(3_000);
});

test("behind the most that are kept the others are counted", () => {
  const blobs = new SealedBlobs(2);
  for (let at = 0; at < 5; at++) blobs.add(blob(at));
  expect([[...blobs], blobs.count]).toEqual([[blob(0), blob(1)], 5]);
});

test("without their texts they are the same ones in the same order", () => {
  const blobs = new SealedBlobs(100);
  for (let at = 0; at < 50; at++) blobs.add(blob(at));
  expect([...blobs.spans()]).toEqual([...blobs].map(({ id: _id, tail: _tail, ...span }) => span));
});
