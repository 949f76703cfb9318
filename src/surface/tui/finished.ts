import type { Token } from "marked";
import { lexed } from "./lexed.ts";

/** The part of a streaming answer that may still change. `fence`: the line that opened the code block in which it begins; "" outside of one. */
export interface Open {
  readonly fence: string;
  readonly text: string;
}

/** The part that can't change any more and may scroll away. `continued`: it begins within the code block of the part before. */
export interface Finished {
  readonly text: string;
  readonly continued: boolean;
}

/** Characters of an open part from which on it isn't parsed with each piece that comes: it is shown by its end until it is over. */
const mostOpen = 16_384;
/** Lines of a code block that stay together before whole lines of it scroll away. */
const fewLines = 4;

/**
 * Splits a streaming answer into what is finished and what is open. Finished are the Markdown blocks before the last one, and whole lines of
 * a code block. Open is the last block, and the block before one that has just begun: `- ` may turn out to be that list's next item.
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
  // The lexer normalises some texts; then lengths of its tokens say nothing about the text itself.
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

/** What is still open when the answer ends; `undefined` when that is blank. */
export function unfinished(open: Open): Finished | undefined {
  const { fence, text } = closed({ ...open, text: `${open.text}\n` });
  if (text.trim() === "") return undefined;
  return { text: fence + text.trimEnd(), continued: fence !== "" };
}

/** Takes off the line that closes the code block, where the open part begins with it. */
function closed({ fence, text }: Open): Open {
  const mark = /^ {0,3}(`{3,}|~{3,})/u.exec(fence)?.[1];
  const end = mark && /^ {0,3}(`{3,}|~{3,})[ \t]*\n/u.exec(text);
  return end && end[1]?.startsWith(mark) ? { fence: "", text: text.slice(end[0].length) } : { fence, text };
}

/** For a code block that is still open: the line that opened it, and its length up to the end of the last whole line that isn't blank. */
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

/** Whether there is enough of a block to tell its kind. */
const isTold = ({ raw }: Token): boolean => raw.trimStart().length > 4 || raw.trimStart().includes("\n");
