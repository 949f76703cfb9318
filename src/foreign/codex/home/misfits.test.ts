import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../../test/kit/temporary-folder.ts";
import { indexMisfit } from "./misfits.ts";

const root = temporaryFolder();

it("an index that waits for an ordinal that never comes doesn't fit, as one that has read beyond the end", () => {
  const path = join(root, "rollout.jsonl");
  writeFileSync(path, "x\n".repeat(50));
  const misfit = (nextOffset: number, nextOrdinal: number, own: number | undefined): string | undefined =>
    indexMisfit({ nextOffset, nextOrdinal, turnOffsets: [2] }, path, {
      bytes: 100,
      nextOrdinal: own,
      firstTurn: 2,
    });
  expect(misfit(100, 50, 50)).toBeUndefined();
  expect(misfit(100, 53, 50)).toBe("the index waits for ordinal 53, and the next one is 50");
  expect(misfit(102, 50, 50)).toContain("102 bytes of a file of 100");
  // It has more to read; or what the file's next one is can't be told.
  expect(misfit(98, 53, 50)).toBeUndefined();
  expect(misfit(100, 53, undefined)).toBeUndefined();
});

it.each([
  [40, [20], undefined],
  [40, [], "the index has read 40 bytes, and holds none of the turns in them"],
  // It hasn't come to the first one.
  [20, [], undefined],
])(
  "an index that has read %i bytes and holds turns at %j fits a file whose first turn begins at 20, or not",
  (nextOffset, turnOffsets, expected) => {
    const path = join(root, "rollout.jsonl");
    writeFileSync(path, "x\n".repeat(50));
    const read = { bytes: 100, nextOrdinal: 50, firstTurn: 20 };
    expect(indexMisfit({ nextOffset, nextOrdinal: 10, turnOffsets }, path, read)).toBe(expected);
  },
);
