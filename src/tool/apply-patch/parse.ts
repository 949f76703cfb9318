import { isJsonObject, parseJson } from "../../lib/json.ts";

/** One line of a hunk: found in the file (" "), taken out of it ("-"), or put in ("+"). */
export interface HunkLine {
  sign: " " | "-" | "+";
  text: string;
}

/** A run of changed lines with their context, and where to find them. */
export interface Hunk {
  /** Lines that stand above the place, outermost first ("@@ class A", "@@ def f"). */
  headings: string[];
  lines: HunkLine[];
  /**
   * Empty lines without their sign behind the last line, three at most: context, or a gap before what follows. They help to find the place
   * and are no part of it.
   */
  blanks: number;
  /** The hunk ends where the file ends. */
  atEnd: boolean;
}

/** What a patch does to one file. */
export type Section =
  | { kind: "add"; path: string; lines: string[] }
  | { kind: "delete"; path: string }
  | { kind: "update"; path: string; moveTo?: string; hunks: Hunk[] };

/** A patch's sections, or the reason why it can't be read. */
export type ParsedPatch = { ok: true; sections: Section[] } | { ok: false; why: string };

const begin = "*** Begin Patch";
const end = "*** End Patch";
const header = /^\*\*\* (Add File|Delete File|Update File): ?(.*)$/u;
/** So many empty lines at a hunk's end are looked for, and left out where the file has none. */
export const lastBlanks = 3;
/** What models put around a patch: a here-document, a Markdown fence. */
const wrapper = /^(?:\s*|```\w*|.*<<-?\s*["']?\w+["']?|["']?[A-Z_]+["']?\)?)$/u;
/** A heading in the style of unified diffs: its line numbers say nothing here. */
const numbers = /^-\d+(?:,\d+)? \+\d+(?:,\d+)? @@ ?/u;

/** Reads the freeform patch format that OpenAI models are trained on (Codex, 2025-04 to 2026-11). */
export function parsePatch(input: string): ParsedPatch {
  const lines = unwrap(input);
  if (!Array.isArray(lines)) return lines;
  const sections: Section[] = [];
  let at = 1;
  while (at < lines.length - 1) {
    const line = lines[at]!;
    if (line.trim() === "") {
      at++;
      continue;
    }
    const found = header.exec(line.trim());
    if (!found) {
      return wrong(at, line, 'expected "*** Add File: ", "*** Delete File: " or "*** Update File: "');
    }
    const path = found[2]!.trim();
    if (path === "") return wrong(at, line, "the path is missing");
    const from = at + 1;
    at = from;
    const kind = found[1]!;
    // In a hunk, a space before a marker makes it a line of context.
    const begins = (next: string): boolean => header.test(kind === "Update File" ? next : next.trimStart());
    while (at < lines.length - 1 && !begins(lines[at]!)) at++;
    const read = readSection(kind, path, lines.slice(from, at), from);
    if (!("kind" in read)) return read;
    sections.push(read);
  }
  return sections.length === 0 ? { ok: false, why: "The patch names no file." } : { ok: true, sections };
}

/** The lines from the first marker to the last one, both included. */
function unwrap(input: string): string[] | { ok: false; why: string } {
  let text = input;
  if (input.trimStart().startsWith("{")) {
    // Where a backend knows functions only, the patch comes as an argument.
    const parsed = parseJson(input);
    const inner = isJsonObject(parsed) ? (parsed["input"] ?? parsed["patch"]) : undefined;
    if (typeof inner === "string") text = inner;
  }
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.trim() === begin);
  const last = lines.findLastIndex((line) => line.trim() === end);
  if (first < 0) return { ok: false, why: `The first line of a patch must be "${begin}".` };
  if (last < first) return { ok: false, why: `The last line of a patch must be "${end}".` };
  const stray = [...lines.slice(0, first), ...lines.slice(last + 1)].find(
    (line) => !wrapper.test(line.trimEnd()),
  );
  if (stray !== undefined) {
    return {
      ok: false,
      why: `There must be nothing outside of "${begin}" and "${end}", but there is: ${stray}`,
    };
  }
  const patch = lines.slice(first, last + 1);
  // When every line but the last ends with a carriage return, the transport added them, not the file.
  return patch.slice(0, -1).every((line) => line.endsWith("\r"))
    ? patch.map((line) => line.replace(/\r$/u, ""))
    : patch;
}

function readSection(
  kind: string,
  path: string,
  body: string[],
  from: number,
): Section | { ok: false; why: string } {
  if (kind === "Delete File") {
    const stray = body.findIndex((line) => line.trim() !== "");
    return stray < 0
      ? { kind: "delete", path }
      : wrong(from + stray, body[stray]!, "nothing may follow a deletion");
  }
  if (kind === "Add File") return readAddition(path, body, from);
  const move = /^\*\*\* Move to: ?(.*)$/u.exec(body[0]?.trimEnd() ?? "");
  if (move && move[1]!.trim() === "") return wrong(from, body[0]!, "the path is missing");
  const hunks = readHunks(move ? body.slice(1) : body, move ? from + 1 : from);
  if (!Array.isArray(hunks)) return hunks;
  if (move) return { kind: "update", path, moveTo: move[1]!.trim(), hunks };
  if (hunks.length > 0) return { kind: "update", path, hunks };
  return { ok: false, why: `The update of ${path} changes nothing: it has no hunk.` };
}

function readAddition(path: string, body: string[], from: number): Section | { ok: false; why: string } {
  const lines: string[] = [];
  let blanks = 0;
  for (const [at, line] of body.entries()) {
    // Empty lines without their sign are context if more of the hunk follows.
    if (line === "") blanks++;
    else if (line.startsWith("+")) {
      for (; blanks > 0; blanks--) lines.push("");
      lines.push(line.slice(1));
    } else return wrong(from + at, line, 'every line of an added file must begin with "+"');
  }
  return { kind: "add", path, lines };
}

function readHunks(body: string[], from: number): Hunk[] | { ok: false; why: string } {
  const hunks: Hunk[] = [];
  let hunk: Hunk | undefined;
  let blanks = 0;
  const endHunk = (): void => {
    if (hunk && !hunk.atEnd) hunk.blanks = Math.min(blanks, lastBlanks);
    blanks = 0;
  };
  for (const [at, line] of body.entries()) {
    const sign = line[0];
    if (line.startsWith("@@")) {
      endHunk();
      // Headings that follow one another belong to one hunk.
      if (!hunk || hunk.lines.length > 0 || hunk.atEnd)
        hunks.push((hunk = { headings: [], lines: [], blanks: 0, atEnd: false }));
      const heading = line.slice(2).replace(/^ /u, "").replace(numbers, "");
      if (heading.trim() !== "") hunk.headings.push(heading);
    } else if (line.trimEnd() === "*** End of File") {
      if (!hunk) return wrong(from + at, line, "a hunk must come before it");
      endHunk();
      hunk.atEnd = true;
    } else if (line === "") {
      blanks++;
    } else if (sign === " " || sign === "-" || sign === "+") {
      if (!hunk || hunk.atEnd) hunks.push((hunk = { headings: [], lines: [], blanks: 0, atEnd: false }));
      for (; blanks > 0; blanks--) hunk.lines.push({ sign: " ", text: "" });
      hunk.lines.push({ sign, text: line.slice(1) });
    } else {
      return wrong(
        from + at,
        line,
        'every line of a hunk must begin with " ", "-" or "+", and every hunk with "@@"',
      );
    }
  }
  endHunk();
  const empty = hunks.find((candidate) => candidate.lines.length === 0);
  if (empty) return { ok: false, why: `The hunk "@@ ${empty.headings.join(" @@ ")}" has no lines.` };
  return hunks;
}

function wrong(at: number, line: string, why: string): { ok: false; why: string } {
  return { ok: false, why: `Line ${at + 1} of the patch: ${why}. It is: ${line}` };
}
