import { columnsOf } from "./wrap.ts";

/** The message that is being typed. `cursor` counts UTF-16 units and never stands within a grapheme. */
export interface Draft {
  readonly text: string;
  readonly cursor: number;
}

export type Edit =
  | { do: "insert"; text: string }
  | { do: "left" | "right" | "word-left" | "word-right" | "home" | "end" | "up" | "down" }
  | { do: "backspace" | "delete" | "delete-word" | "delete-next-word" | "delete-to-start" | "delete-to-end" };

export const emptyDraft: Draft = { text: "", cursor: 0 };

export const draftOf = (text: string): Draft => ({ text, cursor: text.length });

/** The draft after an edit. Up and down move between lines, and change nothing on the first and the last one. */
export function edit(draft: Draft, change: Edit): Draft {
  const { text, cursor } = draft;
  switch (change.do) {
    case "insert":
      return splice(draft, cursor, cursor, change.text.replace(/\r\n?/gu, "\n"));
    case "left":
      return { text, cursor: before(text, cursor) };
    case "right":
      return { text, cursor: after(text, cursor) };
    case "word-left":
      return { text, cursor: wordStart(text, cursor) };
    case "word-right":
      return { text, cursor: wordEnd(text, cursor) };
    case "home":
      return { text, cursor: lineStart(text, cursor) };
    case "end":
      return { text, cursor: lineEnd(text, cursor) };
    case "up":
    case "down":
      return { text, cursor: vertical(text, cursor, change.do) };
    case "backspace":
      return splice(draft, before(text, cursor), cursor);
    case "delete":
      return splice(draft, cursor, after(text, cursor));
    case "delete-word":
      return splice(draft, wordStart(text, cursor), cursor);
    case "delete-next-word":
      return splice(draft, cursor, wordEnd(text, cursor));
    case "delete-to-start":
      return splice(draft, lineStart(text, cursor), cursor);
    case "delete-to-end": {
      const end = lineEnd(text, cursor);
      // At the end of a line, deletes the line break, as a shell's editor does.
      return splice(draft, cursor, end === cursor ? after(text, cursor) : end);
    }
  }
}

export const isOnFirstLine = ({ text, cursor }: Draft): boolean => lineStart(text, cursor) === 0;
export const isOnLastLine = ({ text, cursor }: Draft): boolean => lineEnd(text, cursor) === text.length;

function splice({ text }: Draft, from: number, to: number, put = ""): Draft {
  return { text: text.slice(0, from) + put + text.slice(to), cursor: from + put.length };
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const words = new Intl.Segmenter(undefined, { granularity: "word" });

/** UTF-16 units within which a grapheme is looked for: segmenting a whole pasted file for each key would be too slow. */
const reach = 64;

function before(text: string, cursor: number): number {
  const from = Math.max(0, cursor - reach);
  const last = [...graphemes.segment(text.slice(from, cursor))].at(-1);
  return last === undefined ? 0 : from + last.index;
}

function after(text: string, cursor: number): number {
  const [first] = graphemes.segment(text.slice(cursor, cursor + reach));
  return cursor + (first?.segment.length ?? 0);
}

/** The same for a word with the characters between it and the cursor. */
const wordReach = 1_000;

function wordStart(text: string, cursor: number): number {
  const from = Math.max(0, cursor - wordReach);
  const parts = [...words.segment(text.slice(from, cursor))];
  return from + (parts.findLast(({ isWordLike }) => isWordLike)?.index ?? 0);
}

function wordEnd(text: string, cursor: number): number {
  const to = Math.min(text.length, cursor + wordReach);
  for (const { index, segment, isWordLike } of words.segment(text.slice(cursor, to)))
    if (isWordLike) return cursor + index + segment.length;
  return to;
}

const lineStart = (text: string, cursor: number): number => text.lastIndexOf("\n", cursor - 1) + 1;

function lineEnd(text: string, cursor: number): number {
  const end = text.indexOf("\n", cursor);
  return end < 0 ? text.length : end;
}

function vertical(text: string, cursor: number, way: "up" | "down"): number {
  const start = lineStart(text, cursor);
  const column = columnsOf(text.slice(start, cursor));
  if (way === "up") return start === 0 ? cursor : atColumn(text, lineStart(text, start - 1), column);
  const end = lineEnd(text, cursor);
  return end === text.length ? cursor : atColumn(text, end + 1, column);
}

function atColumn(text: string, start: number, column: number): number {
  const line = text.slice(start, lineEnd(text, start));
  let at = 0;
  let passed = 0;
  for (const { segment } of graphemes.segment(line)) {
    passed += columnsOf(segment);
    if (passed > column) break;
    at += segment.length;
  }
  return start + at;
}

/**
 * The part of a long draft that can be in sight: `reachOut` units before and after the cursor, from the beginning of a line where there is
 * one. `isCut`: it doesn't begin where the draft does.
 */
export function around({ text, cursor }: Draft, reachOut: number): Draft & { readonly isCut: boolean } {
  if (cursor <= reachOut && text.length <= cursor + reachOut) return { text, cursor, isCut: false };
  const least = Math.max(0, cursor - reachOut);
  const line = text.indexOf("\n", least) + 1;
  const from = least === 0 ? 0 : line > 0 && line <= cursor ? line : least;
  return { text: text.slice(from, cursor + reachOut), cursor: cursor - from, isCut: from > 0 };
}

/** A draft laid out: its rows, each at most `columns` wide, and where the cursor stands among them. */
export interface LaidOut {
  readonly rows: readonly string[];
  readonly row: number;
  readonly column: number;
}

/**
 * Lays a draft out in rows that break only where they are full and at line breaks, so that no character moves while one types. After the
 * last character of a full row the cursor stands in the column after it (which may be `columns`).
 */
export function layOut({ text, cursor }: Draft, columns: number): LaidOut {
  const rows: string[] = [];
  let [row, column] = [0, 0];
  let line = "";
  let width = 0;
  let at = 0;
  const found = (): void => {
    if (at !== cursor) return;
    [row, column] = [rows.length, width];
  };
  for (const { segment } of graphemes.segment(text)) {
    if (segment === "\n") {
      found();
      rows.push(line);
      [line, width] = ["", 0];
    } else {
      const shown = segment === "\t" ? "    " : segment;
      const wide = columnsOf(shown);
      if (width + wide > columns && width > 0) {
        rows.push(line);
        [line, width] = ["", 0];
      }
      found();
      line += shown;
      width += wide;
    }
    at += segment.length;
  }
  found();
  rows.push(line);
  return { rows, row, column };
}
