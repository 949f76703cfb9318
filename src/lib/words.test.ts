import { expect, it } from "vitest";
import { quoted } from "./words.ts";

it.each([
  ["a/b-c_d.e", "a/b-c_d.e"],
  ["/home/a~b", "/home/a~b"],
  ["~/a", "'~/a'"],
  ["it's", String.raw`'it'\''s'`],
  ["", "''"],
])("%j is %s for a shell", (word, expected) => {
  expect(quoted(word)).toBe(expected);
});
