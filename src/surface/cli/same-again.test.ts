import { expect, it } from "vitest";
import { sameAgain } from "./same-again.ts";

it.each([
  [["one", "a b"], {}, "throughline delete one 'a b'"],
  [["one"], { yes: true, withRelatives: true }, "throughline delete one --with-relatives"],
  [["one"], { home: "/my home" }, "throughline --home '/my home' delete one"],
  [[], { all: true, home: "/h" }, "throughline --home /h purge --all --yes"],
  [[], { olderThan: "7d", yes: true }, "throughline purge --older-than 7d --yes"],
])("what was cut off for %j %j is removed again by what removes no more", (args, options, command) => {
  expect(sameAgain({ args, options })).toBe(command);
});

it("a scrubbing that left something is told with its relatives and its home", () => {
  const options = { withRelatives: true, home: "/my home", scrub: true };
  expect(sameAgain({ args: ["one"], options }, "clear 1 --scrub")).toBe(
    "throughline --home '/my home' clear 1 --scrub --with-relatives",
  );
});
