import { isUtf8 } from "node:buffer";
import { shorten } from "../../session/shorten.ts";
import { findLines, nearest } from "./match.ts";
import { type Hunk, type HunkLine, lastBlanks } from "./parse.ts";

/** The new content, or the reason why there is none. */
export type Edited = { ok: true; content: Buffer } | { ok: false; why: string };

interface FileLine {
  text: string;
  end: string;
}

const mark = "\uFEFF";

/** Bytes of a file's line that an error quotes at most: a bundle's one line has megabytes. */
const longestShown = 400;

/**
 * The file's content with the hunks applied in order. Lines that the hunks don't change keep their bytes; new ones end as most lines of
 * the file do; a file without a final newline stays without one. `why` names the lines that were not found.
 */
export function editFile(content: Buffer, hunks: readonly Hunk[]): Edited {
  const edited = edit(content, hunks);
  if (edited.ok || hunks.every((hunk) => hunk.blanks === 0)) return edited;
  // An empty line behind a hunk may lead it past the place of the next one: then it was a gap.
  const bare = edit(
    content,
    hunks.map((hunk) => ({ ...hunk, blanks: 0 })),
  );
  return bare.ok ? bare : edited;
}

function edit(content: Buffer, hunks: readonly Hunk[]): Edited {
  // A file that isn't UTF-8 is edited byte by byte: each byte one character, those of the patch too.
  const encoding = isUtf8(content) ? "utf8" : "latin1";
  const asFile = (text: string): string =>
    encoding === "utf8" ? text : Buffer.from(text).toString("latin1");
  const text = content.toString(encoding);
  const marked = text.startsWith(mark);
  const lines = splitLines(marked ? text.slice(1) : text);
  const texts = lines.map((line) => line.text);
  const end = lines.filter((line) => line.end === "\r\n").length * 2 > lines.length ? "\r\n" : "\n";
  const finalEnd = lines.at(-1)?.end !== "";

  const edited: FileLine[] = [];
  const appended: FileLine[] = [];
  const added = (line: HunkLine): FileLine => {
    const inFile = asFile(line.text);
    return { text: end === "\r\n" ? inFile.replace(/\r$/u, "") : inFile, end };
  };
  let at = 0;
  // Not `push(...lines)`: a call has room for some 120,000 arguments, and lock files have more lines than that.
  const keepUpTo = (place: number): void => {
    for (; at < place; at++) edited.push(lines[at]!);
  };
  for (const hunk of hunks) {
    const place = findHunk(texts, hunk, at, asFile);
    if (!place.ok) return place;
    if (place.at === "end") {
      for (const line of hunk.lines) appended.push(added(line));
      continue;
    }
    keepUpTo(place.at);
    for (const line of place.lines) {
      if (line.sign === "+") edited.push(added(line));
      else {
        if (line.sign === " ") edited.push(lines[at]!);
        at++;
      }
    }
  }
  keepUpTo(lines.length);
  const all = [...edited, ...appended];
  const joined = all.map((line, index) => {
    if (index < all.length - 1) return line.text + (line.end || end);
    return line.text + (finalEnd ? line.end || end : "");
  });
  return { ok: true, content: Buffer.from((marked ? mark : "") + joined.join(""), encoding) };
}

/** The content of an added file. */
export function joinLines(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

function splitLines(text: string): FileLine[] {
  return [...text.matchAll(/([^\n]*?)(\r?\n|$)/gu)]
    .filter((found) => found[0] !== "")
    .map((found) => ({ text: found[1]!, end: found[2]! }));
}

/** "end": behind the last line of the file, wherever other hunks are. `lines`: the hunk's, as they stand in the file. */
type Place = { ok: true; at: number | "end"; lines: readonly HunkLine[] } | { ok: false; why: string };

function findHunk(
  texts: readonly string[],
  hunk: Hunk,
  from: number,
  asFile: (text: string) => string,
): Place {
  let at = from;
  for (const heading of hunk.headings) {
    const found = findLines(texts, [asFile(heading)], at);
    if (found === undefined) return notFound(texts, [heading], at);
    at = found + 1;
  }
  const wantedOf = (lines: readonly HunkLine[]): string[] =>
    lines.filter((line) => line.sign !== "+").map((line) => asFile(line.text));
  const wanted = wantedOf(hunk.lines);
  // Only new lines: below the heading that was given, otherwise at the end of the file.
  if (wanted.length === 0)
    return { ok: true, at: hunk.headings.length > 0 && !hunk.atEnd ? at : "end", lines: hunk.lines };
  // The heading may be repeated as the first line of context.
  const above = hunk.headings.length > 0 ? at - 1 : at;
  const blanks = Array.from({ length: hunk.blanks }, (): HunkLine => ({ sign: " ", text: "" }));
  let lines: readonly HunkLine[] | undefined = [...hunk.lines, ...blanks];
  for (let left = 0; lines && left <= lastBlanks; left++, lines = withoutLastBlank(lines)) {
    const those = wantedOf(lines);
    const found = findLines(texts, those, at, hunk.atEnd) ?? findLines(texts, those, above, hunk.atEnd);
    // A gap's empty lines stay for the next hunk, whose first lines they may be.
    if (found !== undefined) return { ok: true, at: found, lines: lines.slice(0, hunk.lines.length) };
  }
  return notFound(texts, wanted, at, hunk.atEnd);
}

/**
 * The lines without the empty one that they expect at their end: models take the newline that ends a file for an empty line, and leave a
 * gap between hunks. `undefined` when there is none, or nothing else to find the place by.
 */
function withoutLastBlank(lines: readonly HunkLine[]): readonly HunkLine[] | undefined {
  const last = lines.findLastIndex((line) => line.sign !== "+");
  const before = lines.slice(0, last);
  if (lines[last]?.text !== "" || before.every((line) => line.sign === "+")) return undefined;
  // It is left out on both sides, as far as they end with it: before new lines an empty line of context is wanted there, new or not.
  const blank: HunkLine = { sign: "+", text: "" };
  const without = [...before, ...(lines[last]!.sign === " " ? [blank] : []), ...lines.slice(last + 1)];
  const end = without.at(-1)!;
  return end.sign === "+" && end.text === "" ? without.slice(0, -1) : without;
}

function notFound(texts: readonly string[], wanted: readonly string[], from: number, atEnd = false): Place {
  const where = atEnd ? "at the end of the file" : from > 0 ? `below line ${from}` : "in the file";
  const lines = [`these lines were not found ${where}:`, ...wanted.map((line) => `  ${line}`)];
  const earlier = findLines(texts, wanted, 0);
  const near = nearest(texts, wanted);
  if (earlier !== undefined) {
    lines.push(
      `They stand at line ${earlier + 1}: ${atEnd ? "that is not the end of the file" : "hunks must come in the order of the file"}.`,
    );
  } else if (near && near.matching < wanted.length) {
    const stands = texts[near.at + near.matching];
    const file =
      stands === undefined
        ? "the file ends there"
        : `line ${near.at + near.matching + 1} of the file is:\n  ${shorten(stands, longestShown)}`;
    lines.push(`The first ${near.matching} of them stand at line ${near.at + 1}, but then ${file}`);
  }
  return { ok: false, why: lines.join("\n") };
}
