import { describe, expect, it } from "vitest";
import { around, type Draft, type Edit, edit, layOut } from "./editor.ts";

/** The draft of "text|more", where the bar is the cursor. */
const at = (marked: string): Draft => ({ text: marked.replace("|", ""), cursor: marked.indexOf("|") });
const shown = ({ text, cursor }: Draft): string => `${text.slice(0, cursor)}|${text.slice(cursor)}`;
const after = (marked: string, ...changes: Exclude<Edit["do"], "insert">[]): string =>
  shown(changes.reduce((draft, change) => edit(draft, { do: change }), at(marked)));

describe("the line editor", () => {
  it("goes over and deletes whole graphemes", () => {
    expect(after("a👨‍👩‍👧b|", "left", "left")).toBe("a|👨‍👩‍👧b");
    expect(after("a👨‍👩‍👧|b", "backspace")).toBe("a|b");
    expect(after("|é́x", "delete")).toBe("|x");
    expect(after("|", "left", "right", "backspace", "delete", "delete-word")).toBe("|");
  });

  it("goes by words and deletes them", () => {
    expect(after("one two-three |four", "word-left", "word-left")).toBe("one |two-three four");
    expect(after("one |two three", "word-right")).toBe("one two| three");
    expect(after("one two  |", "delete-word")).toBe("one |");
    expect(after("one| two", "delete-next-word")).toBe("one|");
  });

  it("keeps to the line for home, end and what deletes up to them", () => {
    expect(after("one\ntwo| more\nthree", "home")).toBe("one\n|two more\nthree");
    expect(after("one\ntwo| more\nthree", "end")).toBe("one\ntwo more|\nthree");
    expect(after("one\ntwo| more\nthree", "delete-to-start")).toBe("one\n| more\nthree");
    expect(after("one\ntwo| more\nthree", "delete-to-end", "delete-to-end")).toBe("one\ntwo|three");
  });

  it("goes up and down by columns of the screen, wide characters counted as two", () => {
    expect(after("漢字\nabcd|e", "up")).toBe("漢字|\nabcde");
    expect(after("abc|\n漢字かな", "down")).toBe("abc\n漢|字かな");
    expect(after("a|b", "up")).toBe("a|b");
  });

  it("takes pasted line breaks of every kind as one", () => {
    expect(edit(at("a|b"), { do: "insert", text: "1\r\n2\r3\n" }).text).toBe("a1\n2\n3\nb");
  });
});

describe("the layout of a draft", () => {
  it("breaks rows where they are full and nowhere else, and knows where the cursor is", () => {
    expect(layOut(at("abcdef|g"), 3)).toEqual({ rows: ["abc", "def", "g"], row: 2, column: 0 });
    expect(layOut(at("漢字か|"), 5)).toEqual({ rows: ["漢字", "か"], row: 1, column: 2 });
    expect(layOut(at("one\n|two"), 10)).toEqual({ rows: ["one", "two"], row: 1, column: 0 });
  });

  it("is of the part around the cursor, where the draft is long", () => {
    expect(around(at("aa\nbb\ncc|\ndd\nee"), 4)).toEqual({ text: "cc\ndd\n", cursor: 2, isCut: true });
    expect(around(at("aaaaaaaa|aaaa"), 3)).toEqual({ text: "aaaaaa", cursor: 3, isCut: true });
    expect(around(at("aa|a"), 4)).toEqual({ text: "aaa", cursor: 2, isCut: false });
    const long = { text: "漢字 ".repeat(300_000), cursor: 900_000 };
    expect(layOut(around(long, 1_000), 80).rows.length).toBeLessThan(30);
  });

  it("keeps the cursor behind a full row in it, and has a row for an empty draft", () => {
    expect(layOut(at("abc|"), 3)).toEqual({ rows: ["abc"], row: 0, column: 3 });
    expect(layOut(at("abc|\nd"), 3)).toEqual({ rows: ["abc", "d"], row: 0, column: 3 });
    expect(layOut(at("abc|d"), 3)).toEqual({ rows: ["abc", "d"], row: 1, column: 0 });
    expect(layOut(at("|"), 3)).toEqual({ rows: [""], row: 0, column: 0 });
  });
});
