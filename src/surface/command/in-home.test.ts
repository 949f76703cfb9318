import { expect, it } from "vitest";
import { inHome, updateInHome } from "./in-home.ts";

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

it("what a session tells names its commands so, and says nothing else of it otherwise", () => {
  const at = (words: string) => `take it back with: throughline ${words}undo 1`;
  const given = { options: { home: "/h" } };
  const named = at("--home /h ");
  expect(updateInHome(given, { type: "notice", text: at("") })).toEqual({ type: "notice", text: named });
  const rotated = { type: "session-rotated", from: "1", to: "2" } as const;
  expect(updateInHome(given, { ...rotated, notice: at("") })).toEqual({ ...rotated, notice: named });
  const said = { type: "text-delta", text: at("") } as const;
  expect(updateInHome(given, said)).toEqual(said);
});
