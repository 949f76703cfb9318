import type { Key } from "ink";
import { describe, expect, it } from "vitest";
import { readKeys } from "./keys.ts";

const plain: Key = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
  super: false,
  hyper: false,
  capsLock: false,
  numLock: false,
};

const insert = (text: string) => ({ kind: "edit", edit: { do: "insert", text } });

describe("keys", () => {
  it("that came in one piece are read one after the other", () => {
    expect(readKeys("\u0015new text", plain)).toEqual([
      { kind: "edit", edit: { do: "delete-to-start" } },
      insert("new text"),
    ]);
    expect(readKeys("abc\u0001", plain)).toEqual([insert("abc"), { kind: "edit", edit: { do: "home" } }]);
    expect(readKeys("/na\tmy name\r", plain)).toEqual([
      insert("/na"),
      { kind: "complete" },
      insert("my name"),
      { kind: "submit" },
    ]);
  });

  it("that end with Enter send; text with lines in it was pasted, and sends nothing", () => {
    expect(readKeys("hello\r", plain)).toEqual([insert("hello"), { kind: "submit" }]);
    expect(readKeys("one\rtwo\r\nthree", plain)).toEqual([insert("one\ntwo\nthree")]);
    expect(readKeys("one\r\ttwo\r", plain)).toEqual([insert("one\n\ttwo\n")]);
  });

  it("tell Enter from Alt-Enter and Ctrl-J, which break the line", () => {
    expect(readKeys("\r", { ...plain, return: true })).toEqual([{ kind: "submit" }]);
    expect(readKeys("\r", { ...plain, return: true, meta: true })).toEqual([{ kind: "newline" }]);
    expect(readKeys("\n", plain)).toEqual([{ kind: "newline" }]);
  });

  it("edit as in a shell", () => {
    const words = (letter: string, key: Partial<Key>) => readKeys(letter, { ...plain, ...key })[0];
    expect(words("w", { ctrl: true })).toEqual({ kind: "edit", edit: { do: "delete-word" } });
    expect(words("b", { meta: true })).toEqual({ kind: "edit", edit: { do: "word-left" } });
    expect(words("", { leftArrow: true, ctrl: true })).toEqual({ kind: "edit", edit: { do: "word-left" } });
    expect(words("", { backspace: true, meta: true })).toEqual({ kind: "edit", edit: { do: "delete-word" } });
    expect(words("q", { ctrl: true })).toBeUndefined();
    expect(words("z", { ctrl: true })).toEqual({ kind: "suspend" });
  });
});
