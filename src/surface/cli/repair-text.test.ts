import { expect, test } from "vitest";
import { nothingText } from "./repair-text.ts";

test("the next command can be pasted whatever its path holds, and nothing of it reaches the terminal", () => {
  const text = nothingText("/home/a b/it's\u001b[2J.jsonl", "/home/a b/it's\u001b[2J.jsonl");
  expect(text).toContain("throughline doctor '/home/a b/it'\\''s");
  expect(text).not.toContain("\u001b");
});
