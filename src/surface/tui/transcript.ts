import { printable, printableLine } from "../../lib/printable.ts";
import { counted } from "../../lib/words.ts";
import { patchBody } from "../patch-body.ts";
import { outcomeWords } from "../update-words.ts";
import type { Block, Outcome } from "./state.ts";
import { markdownLines } from "./markdown.ts";
import type { Paint, Tone } from "./style.ts";
import { columnsOf, fit, wrap, wrapCode, wrapKept } from "./wrap.ts";

/** Lines of a patch that are shown; `/show` has all of them. */
const mostPatchLines = 40;

/** Lines of a person's message that are shown: they have just typed it, and the log has all of it. */
const mostPromptLines = 30;

/** A finished block laid out in lines of at most `columns` columns, with a blank line first where something new begins. */
export function blockLines(block: Block, columns: number, paint: Paint): string[] {
  return laidOut(block, columns, paint).map((line) => fit(line, columns));
}

function laidOut(block: Block, columns: number, paint: Paint): string[] {
  switch (block.kind) {
    case "banner":
      return [
        paint("heading", fit(block.title, columns)),
        ...block.lines.flatMap((line) => wrap(paint("quiet", printableLine(line, 400)), columns)),
      ];
    case "prompt":
      return ["", ...promptLines(block.text, columns, paint)];
    case "command":
      return ["", paint("accent", "› ") + paint("quiet", printableLine(block.line, 400))];
    case "answer": {
      const lines = markdownLines(block.text, columns, paint);
      const end = block.cut ? [paint("quiet", "  (cut off here; this much was not kept)")] : [];
      return [...(block.continued ? [] : [""]), ...lines, ...end];
    }
    case "call":
      return [
        callLineOf(block.text, block.outcome, columns, paint),
        ...(block.patch === undefined ? [] : patchLines(block.patch, columns, paint)),
      ];
    case "patch":
      return ["", ...askedPatch(block.text, columns, paint)];
    case "note":
      return noteLines(block, columns, paint);
    case "printed": {
      const text = printable(block.text).trimEnd();
      const tone: Tone = block.failed ? "bad" : "quiet";
      return text
        .split("\n")
        .flatMap((line) => wrapKept(paint(tone, line), columns, { first: "  ", rest: "      " }));
    }
    case "help":
      return block.rows.flatMap(([what, does]) => helpLines(what, does, columns, paint));
  }
}

/** What is typed and what it does, in two columns; in a narrow window one below the other. */
function helpLines(what: string, does: string, columns: number, paint: Paint): string[] {
  const side = 28;
  if (columns < 60) return [fit(what, columns), ...wrap(paint("quiet", does), columns, { first: "    " })];
  const first = columnsOf(what) < side ? what.padEnd(side) : `${what} `;
  return wrap(paint("quiet", does), columns, { first, rest: " ".repeat(side) });
}

function promptLines(text: string, columns: number, paint: Paint): string[] {
  const all = printable(text).trimEnd();
  const part = all.slice(0, mostPromptLines * columns);
  const lines = part.split("\n").flatMap((line) => wrapCode(paint("strong", line), columns - 2));
  const shown = lines.slice(0, mostPromptLines);
  const cut = shown.length < lines.length || part.length < all.length;
  return [
    ...shown.map((line, at) => (at === 0 ? paint("accent", "› ") : "  ") + line),
    ...(cut ? [paint("quiet", `  … ${all.length} characters in all`)] : []),
  ];
}

const noteMarks = { plain: "· ", repair: "+ ", trouble: "! " } as const;
const noteTones = { plain: "quiet", repair: "good", trouble: "warning" } as const;

function noteLines(
  { weight, text }: Extract<Block, { kind: "note" }>,
  columns: number,
  paint: Paint,
): string[] {
  const tone = noteTones[weight];
  return wrap(paint(tone, printableLine(text, 1_000)), columns, {
    first: paint(tone, noteMarks[weight]),
    rest: "  ",
  });
}

/** A call in one line: what was run, how it ended and how long it took. A long command is cut, its outcome never. */
function callLineOf(text: string, outcome: Outcome | undefined, columns: number, paint: Paint): string {
  const end = outcome ? outcomeWords(outcome) : "";
  const room = columns - 2 - (end === "" ? 0 : columnsOf(end) + 2);
  const line = `${paint("accent", "$")} ${fit(printableLine(text, 400), Math.max(6, room))}`;
  return end === ""
    ? line
    : fit(`${line}  ${paint(outcome?.status === "ok" ? "good" : "bad", end)}`, columns);
}

/** The beginning of a patch (the format of `apply_patch`) in colour; what is added and removed is told by signs, too. */
function patchLines(patch: string, columns: number, paint: Paint): string[] {
  const all = linesOfPatch(patch);
  const shown = all
    .slice(0, mostPatchLines)
    .map((line) => `  ${paint(patchTone(line), fit(patchWords(line), columns - 2))}`);
  const more = all.length - shown.length;
  return more > 0 ? [...shown, paint("quiet", `  … ${counted(more, "more line")}: /show`)] : shown;
}

/** A patch that is to be approved, with nothing cut off: what isn't seen would be allowed unseen. */
function askedPatch(patch: string, columns: number, paint: Paint): string[] {
  return linesOfPatch(patch).flatMap((line) =>
    wrapCode(paint(patchTone(line), patchWords(line)), columns, { first: "  ", rest: "      " }),
  );
}

const linesOfPatch = (patch: string): string[] => patchBody(printable(patch).trim()).split("\n");

function patchTone(line: string): Tone {
  if (line.startsWith("+")) return "added";
  if (line.startsWith("-")) return "removed";
  return line.startsWith("***") ? "strong" : line.startsWith("@@") ? "accent" : "quiet";
}

const patchWords = (line: string): string =>
  line.replace(/^\*\*\* (Add|Update|Delete) File: /u, (_whole, how: string) => `${how.toLowerCase()} `);
