import { expect, test } from "vitest";
import { formatTime, isoTime } from "./date.ts";

test("a time that is no date, as a file from elsewhere may have, is told all the same", () => {
  expect(formatTime(Date.UTC(2026, 10, 20, 14, 3, 7))).toBe("2026-11-20 14:03:07 UTC");
  for (const at of [1e20, -1e20, 8.64e15 + 1]) expect(formatTime(at)).toMatch(/^[+-]\d{6}-\d\d-\d\d \d\d:/u);
  expect(Date.parse(isoTime(1e20))).toBe(8.64e15);
});
