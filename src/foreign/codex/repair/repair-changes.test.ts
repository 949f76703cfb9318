import { expect, it } from "vitest";
import { GatheredChanges } from "./repair-changes.ts";

const read = (bytes: number): Buffer => Buffer.alloc(bytes);
const edit = { at: 10, length: 5, line: 2, says: "" } as const;

it.each([
  ["a line that can't be read becomes spaces", "unparsable-line", Buffer.from("     "), false],
  ["a line that can't be read is blanked", "invalid-utf8", "blank", false],
  ["a line that can't be read becomes a record", "unparsable-line", Buffer.from('{"a"}'), true],
  ["what it told is made longer", "unparsable-line", Buffer.from("      "), true],
  ["an event becomes spaces that Codex has read", "ordinal-regressed", Buffer.from("     "), true],
] as const)("Codex's index stays as long as it holds no less: %s", (_what, kind, bytes, isChanged) => {
  const changes = new GatheredChanges();
  changes.add({ ...edit, kind, bytes }, read);
  expect(changes.areIndexed(100)).toBe(isChanged);
  expect(changes.areIndexed(10), "made of what stands before it").toBe(false);
});
