import sliceAnsi from "slice-ansi";
import stringWidth from "string-width";
import wrapAnsi, { type Options } from "wrap-ansi";

/** The fewest columns that text is wrapped for; in a narrower window the terminal cuts the lines. */
const narrowest = 8;

/** Tabs are replaced by blanks: a width function counts them as 0 columns, a terminal shows up to 8. */
const withoutTabs = (text: string): string => text.replaceAll("\t", "    ");

export interface Indent {
  /** Put before the first line; `rest` before the others (default: the same). */
  first?: string;
  rest?: string;
}

/** Wraps text in lines of at most `width` columns, wide characters counted as two. Styles continue from line to line. */
export function wrap(text: string, width: number, indent?: Indent): string[] {
  return wrapped(text, width, indent, {});
}

/** As `wrap`, but keeps every blank: for text that was laid out already. */
export function wrapKept(text: string, width: number, indent?: Indent): string[] {
  return wrapped(text, width, indent, { trim: false });
}

/** As `wrapKept`, but breaks lines exactly where they are full, also within a word: for code. */
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

/** The text with blanks added after it up to `width` columns. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}

export { stringWidth as columnsOf };
