import { fc } from "../../../test/kit/property.ts";
import { expect, it } from "vitest";
import { findLines, nearest } from "./match.ts";

const line = fc.constantFrom("a", "a ", " a", "b", "“b”", '"b"', "");
const file = fc.array(line, { maxLength: 12 });
const wanted = fc.array(line, { minLength: 1, maxLength: 5 });
const isAt = (lines: string[], part: string[], at: number, read: (text: string) => string): boolean =>
  part.every((text, index) => lines[at + index] !== undefined && read(lines[at + index]!) === read(text));
const quotes = (text: string): string => text.trim().replace(/[“”]/gu, '"');
const readings = [
  (text: string) => text,
  (text: string) => text.trimEnd(),
  (text: string) => text.trim(),
  quotes,
];

it("finds the first place of the strictest reading that has any", () => {
  fc.assert(
    fc.property(file, wanted, fc.nat({ max: 4 }), fc.boolean(), (lines, part, from, atEnd) => {
      const places = [...lines.keys()].filter(
        (at) => at >= from && (!atEnd || at === lines.length - part.length),
      );
      const found = readings.flatMap((read) => places.find((at) => isAt(lines, part, at, read)) ?? [])[0];
      expect(findLines(lines, part, from, atEnd)).toBe(found);
    }),
    { numRuns: 500 },
  );
});

it("names the first of the places where most of the lines stand", () => {
  fc.assert(
    fc.property(file, wanted, (lines, part) => {
      let best: { at: number; matching: number } | undefined;
      for (const at of lines.keys()) {
        let matching = part.length;
        while (!isAt(lines, part.slice(0, matching), at, quotes)) matching--;
        if (matching > (best?.matching ?? 0)) best = { at, matching };
      }
      expect(nearest(lines, part)).toEqual(best);
    }),
    { numRuns: 500 },
  );
});

it("reads each line of a long run of the same line once", () => {
  const lines = Array.from({ length: 50_000 }, () => "0,");
  const part = [...lines.slice(0, 2_000), "1,"];
  const began = process.cpuUsage().user;
  expect(findLines(lines, part, 0)).toBeUndefined();
  expect(nearest(lines, part)).toEqual({ at: 0, matching: 2_000 });
  // 400 million lines were compared before, in some ten seconds.
  expect(process.cpuUsage().user - began).toBeLessThan(2_000_000);
});
