import { expect, test } from "vitest";
import { entryOf } from "./table.ts";

test("a table says nothing of words that it doesn't have, also of those that every object knows", () => {
  expect(["a", "b", "toString", "constructor", "__proto__"].map((word) => entryOf({ a: 1 }, word))).toEqual([
    1,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
