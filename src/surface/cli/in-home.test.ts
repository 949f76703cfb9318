import { expect, it } from "vitest";
import { inHome } from "./in-home.ts";

it.each([
  ["Go on: throughline resume 1", "/h", "Go on: throughline --home /h resume 1"],
  ["`throughline queue list 1`", "/my $& home", "`throughline --home '/my $& home' queue list 1`"],
  [
    "throughline show 1, or throughline delete 1",
    "/h",
    "throughline --home /h show 1, or throughline --home /h delete 1",
  ],
  ["Update throughline and try again", "/h", "Update throughline and try again"],
  ["/opt/throughline show", "/h", "/opt/throughline show"],
  ["throughline show 1", undefined, "throughline show 1"],
  [
    '"a throughline show b" is there. Ask: throughline resume 1 "run throughline doctor"',
    "/h",
    '"a throughline show b" is there. Ask: throughline --home /h resume 1 "run throughline doctor"',
  ],
  [
    String.raw`It's named: throughline resume 'it'\''s throughline show'. Codex's: throughline sessions`,
    "/h",
    String.raw`It's named: throughline --home /h resume 'it'\''s throughline show'. Codex's: throughline --home /h sessions`,
  ],
])("%j in %j", (words, home, expected) => {
  expect(inHome({ options: { home } }, words)).toBe(expected);
});
