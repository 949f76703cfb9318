import sliceAnsi from "slice-ansi";
import stringWidth from "string-width";
import wrapAnsi, { type Options } from "wrap-ansi";

/** Narrower than this nothing is laid out: what does not fit is cut by the terminal. */
const narrowest = 8;

/** Tabs count for nothing in a terminal's width, and stand for up to eight columns. */
const withoutTabs = (text: string): string => text.replaceAll("\t", "    ");

export interface Indent {
  /** What stands before the first line, and before the others. */
  first?: string;
  rest?: string;
}

/** The text in lines of at most `width` columns, wide characters counted as two. Styles go on from line to line. */
export function wrap(text: string, width: number, indent?: Indent): string[] {
  return wrapped(text, width, indent, {});
}

/** As `wrap`, but every blank is kept: for what was laid out by somebody else. */
export function wrapKept(text: string, width: number, indent?: Indent): string[] {
  return wrapped(text, width, indent, { trim: false });
}

/** As `wrapKept`, and lines are cut where they end, within a word too: for code. */
export function wrapCode(text: string, width: number, indent?: Indent): string[] {
  return wrapped(text, width, indent, { trim: false, wordWrap: false });
}

function wrapped(
  text: string,
  width: number,
  { first = "", rest = first }: Indent = {},
  how: Options,
): string[] {
  const room = Math.max(narrowest, width - Math.max(stringWidth(first), stringWidth(rest)));
  return wrapAnsi(withoutTabs(text), room, { hard: true, ...how })
    .split("\n")
    .map((line, at) => `${at === 0 ? first : rest}${line}`);
}

/** One line of at most `width` columns, with "…" where it was cut. */
export function fit(text: string, width: number): string {
  const line = withoutTabs(text);
  if (stringWidth(line) <= width) return line;
  return width < 1 ? "" : `${sliceAnsi(line, 0, width - 1)}…`;
}

/** With blanks behind it up to `width` columns. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}

export { stringWidth as columnsOf };
