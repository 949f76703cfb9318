import { expect, it } from "vitest";
import { quoted, quotedPrompt } from "./words.ts";

it.each([
  ["a/b-c_d.e", "a/b-c_d.e"],
  ["/home/a~b", "/home/a~b"],
  ["~/a", "'~/a'"],
  ["it's", String.raw`'it'\''s'`],
  ["", "''"],
])("%j is %s for a shell", (word, expected) => {
  expect(quoted(word)).toBe(expected);
});

it.each([
  ["go on", "'go on'"],
  ['mend `npm test`, it\'s "red"', "'mend `npm test`, it'\\''s \"red\"'"],
  ["two\nlines", '"…"'],
  ["long ".repeat(100), '"…"'],
])("the prompt %j is %s for a shell: whole, or left open", (prompt, expected) => {
  expect(quotedPrompt(prompt)).toBe(expected);
});
