import { expect, it } from "vitest";
import type { RolloutLine } from "../rollout/bytes/lines.ts";
import { type Hole, HolesWatch } from "./holes-watch.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** The lines of a rollout: ordinals, "none" for a record without one, "blank". */
type Lines = (number | "none" | "blank")[];

const holesOf = (lines: Lines): [Hole[], number, Hole] => {
  const holes: Hole[] = [];
  const watch = new HolesWatch((hole) => holes.push(hole));
  let gone = 0;
  for (const [index, what] of lines.entries()) {
    const line = {
      index,
      offset: index * 10,
      length: 9,
      bytes: Buffer.alloc(9),
      ending: "\n",
    } as RolloutLine;
    if (what === "blank") watch.blank(line);
    else gone += watch.see({ ordinal: what === "none" ? undefined : what } as WatchedRecord, line);
  }
  return [holes, gone, watch.end];
};
const ordinalsOf = (holes: Hole[]): unknown[] => holes.map(({ index, ordinal }) => [index, ordinal]);

it.each<[string, Lines, [number, number | undefined][], number]>([
  [
    "one after another",
    [1, "blank", "blank", 4],
    [
      [1, 2],
      [2, 3],
    ],
    0,
  ],
  ["behind records without an ordinal", [1, "none", "none", "blank", 5], [[3, 4]], 0],
  [
    "around one",
    [1, "blank", "none", "blank", 5],
    [
      [1, 2],
      [3, 4],
    ],
    0,
  ],
  ["behind more of them than there is room for", [1, "none", "blank", 2], [[2, undefined]], 0],
  ["between two lines", [1, "none", 4], [[2, 3]], 1],
])("holes %s have the ordinals that those before them leave", (_, lines, expected, lost) => {
  const [holes, gone] = holesOf(lines);
  expect([ordinalsOf(holes), gone]).toEqual([expected, lost]);
});

it("the place behind the last record leaves room for the ordinals of those that have none", () => {
  expect(holesOf([1, "none", "none"])[2].ordinal).toBe(4);
});
