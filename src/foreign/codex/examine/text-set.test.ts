import { expect, test } from "vitest";
import { TextSet } from "./text-set.ts";

/** Whether the text was there before with this mark. */
const note = (texts: TextSet, text: string, mark = 1): boolean => texts.mark(texts.numberOf(text), mark);

test("a text is known the second time, however many there are", () => {
  const texts = new TextSet(1_000_000);
  const names = Array.from({ length: 30_000 }, (_, at) => `call_${at.toString(36)}`);
  expect(names.filter((name) => note(texts, name))).toEqual([]);
  expect(names.filter((name) => !note(texts, name))).toEqual([]);
  expect(note(texts, "call_")).toBe(false);
});

test("texts that are the beginning or the end of one another are told apart, and those beyond Latin-1 too", () => {
  const texts = new TextSet(100);
  const names = ["a", "ab", "b", "", "bc", "abc", "é", "\xff", "ſ", "中文", "文"];
  expect(names.map((name) => note(texts, name))).toEqual(names.map(() => false));
  expect(names.map((name) => note(texts, name))).toEqual(names.map(() => true));
});

test("behind the most that it takes nothing more is noted, and what was noted stays", () => {
  const texts = new TextSet(2);
  const said = ["a", "b", "c", "c", "文", "文", "a", "b"].map((name) => note(texts, name));
  expect(said).toEqual([false, false, false, false, false, false, true, true]);
  expect(texts.hasRefused).toBe(true);
});

test("a text that is longer than the room that is left makes more", () => {
  const texts = new TextSet(10);
  const long = "x".repeat(1_000_000);
  expect([
    note(texts, "a"),
    note(texts, long),
    note(texts, "b"),
    note(texts, long),
    note(texts, "a"),
  ]).toEqual([false, false, false, true, true]);
});

test("a text has each of its marks on its own", () => {
  const texts = new TextSet(2);
  const said = [1, 4, 1, 4, 2].map((mark) => [note(texts, "call_1", mark), note(texts, "文", mark)]);
  expect(said.map(([one]) => one)).toEqual([false, false, true, true, false]);
  expect(said.map(([, other]) => other)).toEqual([false, false, true, true, false]);
});

test("a text that stands in memory is the same as one that is given, and none is taken for another", () => {
  const texts = new TextSet(100_000);
  const names = Array.from(
    { length: 3_000 },
    (_, at) => `\xffé${at.toString(2)}`.slice(0, 2 + (at % 12)) + at,
  );
  const bytes = Buffer.from(names.join(""), "latin1");
  const memory = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let start = 0;
  for (const name of names) {
    const number = texts.numberAt(memory, start, name.length);
    start += name.length;
    expect([texts.textOf(number), texts.numberOf(name)]).toEqual([name, number]);
  }
  expect(new Set(names.map((name) => texts.numberOf(name))).size).toBe(new Set(names).size);
});
