import type { Token } from "marked";
import { lexed } from "./lexed.ts";

/** What of an answer has not scrolled away yet. `fence`: the line that opened the code block in which it begins; empty outside of one. */
export interface Open {
  readonly fence: string;
  readonly text: string;
}

/** What no longer changes. `continued`: it goes on with the code block above it. */
export interface Finished {
  readonly text: string;
  readonly continued: boolean;
}

/** In a list or a paragraph of this many characters and more nothing is looked for: its end is all that is shown of it until it is over. */
const mostOpen = 16_384;
/** So many lines of a code block are seen together before they scroll away. */
const fewLines = 4;

/**
 * Parts an answer that is still streaming: the Markdown blocks before the last one no longer change, nor do the whole lines of a code block.
 * The last block does, and so does what has just begun: `- ` may be the next item of the list before it.
 */
export function finish(open: Open): { finished?: Finished; open: Open } {
  const { fence, text } = closed(open);
  const still = { open: { fence, text } };
  const whole = fence + text;
  if (whole.length > mostOpen || whole.includes("\r")) return still;
  const tokens = lexed(whole);
  const last = tokens.findLastIndex(({ type }) => type !== "space");
  const before = tokens
    .slice(0, Math.max(0, last))
    .map(({ raw }) => raw)
    .join("");
  // Where the lexer has put the text in order, nobody knows how much of it that was.
  if (last < 0 || !whole.startsWith(before)) return still;
  const block = tokens[last]!;
  const code = codeLines(block, whole.slice(before.length));
  const length = before.length + (code?.length ?? 0);
  if (length <= fence.length || (!code && (before.trim() === "" || !isTold(block)))) return still;
  return {
    finished: { text: whole.slice(0, length), continued: fence !== "" },
    open: { fence: code?.fence ?? "", text: whole.slice(length) },
  };
}

/** What is left at the end of the answer, if it is anything. */
export function unfinished(open: Open): Finished | undefined {
  const { fence, text } = closed({ ...open, text: `${open.text}\n` });
  if (text.trim() === "") return undefined;
  return { text: fence + text.trimEnd(), continued: fence !== "" };
}

/** Without the line that closes the code block, when that comes next. */
function closed({ fence, text }: Open): Open {
  const mark = /^ {0,3}(`{3,}|~{3,})/u.exec(fence)?.[1];
  const end = mark && /^ {0,3}(`{3,}|~{3,})[ \t]*\n/u.exec(text);
  return end && end[1]?.startsWith(mark) ? { fence: "", text: text.slice(end[0].length) } : { fence, text };
}

/** Of a code block that is still open: the line that opened it, and how long it is up to the end of its last whole line that has words. */
function codeLines({ type }: Token, text: string): { fence: string; length: number } | undefined {
  const [fence, , mark] = type === "code" ? (/^( {0,3})(`{3,}|~{3,})[^\n]*\n/u.exec(text) ?? []) : [];
  if (fence === undefined || mark === undefined) return undefined;
  const lines = text.slice(fence.length);
  const isOver = lines
    .split("\n")
    .some((line) => line.trim().startsWith(mark) && /^\s*(`+|~+)\s*$/u.test(line));
  const length = /^[^]*\S[^\n]*\n/u.exec(lines)?.[0].length ?? 0;
  if (isOver || lines.slice(0, length).split("\n").length <= fewLines) return undefined;
  return { fence, length: fence.length + length };
}

/** Whether it says already what kind of block it begins. */
const isTold = ({ raw }: Token): boolean => raw.trimStart().length > 4 || raw.trimStart().includes("\n");
