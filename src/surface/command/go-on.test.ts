import { expect, it } from "vitest";
import { resumeCommand, wayAfter } from "./go-on.ts";

it.each([
  [undefined, ""],
  ["overloaded", ""],
  ["sealed-reasoning-rejected", ""],
  ["refusal", ' "…"'],
  ["output-limit", ' "continue"'],
  ["model-missing", " --model NAME"],
  ["unrecoverable", " --provider NAME"],
  ["any words", ""],
])("behind %s: throughline resume ID%s", (reason, rest) => {
  expect(resumeCommand("ID", wayAfter(reason))).toBe(`throughline resume ID${rest}`);
});
