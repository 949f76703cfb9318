import { describe, expect, it } from "vitest";
import { isTogether } from "./place.ts";

describe("which sessions belong together", () => {
  const here = { path: "/w/one/sub", gitRoot: "/w/one", gitCommon: "/w/one/.git" };

  it("those of folders above and below", () => {
    expect(isTogether({ path: "/w/one/sub/deep" }, here)).toBe(true);
    expect(isTogether({ path: "/w/one" }, here)).toBe(true);
    expect(isTogether({ path: "/w/one/sub2" }, here)).toBe(false);
  });

  it("those of another folder of the repository, and of another worktree of it", () => {
    expect(isTogether({ path: "/w/one/other", gitRoot: "/w/one" }, here)).toBe(true);
    expect(isTogether({ path: "/w/two", gitRoot: "/w/two", gitCommon: "/w/one/.git" }, here)).toBe(true);
    expect(isTogether({ path: "/w/two", gitRoot: "/w/two", gitCommon: "/w/two/.git" }, here)).toBe(false);
  });

  it("one that can't say where it belongs", () => expect(isTogether({ path: "" }, here)).toBe(true));
});
