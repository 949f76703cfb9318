import { printable, printableLine } from "../../lib/printable.ts";
import { durationWords, secondsWords } from "../../lib/words.ts";
import { around, type Draft, layOut } from "./editor.ts";
import { markdownLines } from "./markdown.ts";
import type { Completion } from "./slash.ts";
import type { Phase, Question, RunningCall, View } from "./state.ts";
import { statusLine } from "./status.ts";
import type { Paint } from "./style.ts";
import { fit, wrap, wrapCode } from "./wrap.ts";

/** The live part of the screen, which is drawn anew with every change, below the blocks that have scrolled away. */
export interface Live {
  readonly lines: readonly string[];
  /** The cursor's place in the lines, from 0; absent while keys answer a question. */
  readonly cursor?: { readonly x: number; readonly y: number };
}

/** What the part of the screen that is drawn anew is made from. */
export interface LiveInput {
  view: View;
  draft: Draft;
  completions: readonly Completion[];
  /** Which of them is chosen. */
  chosen: number;
  /** Whether the question has the keyboard; otherwise what is being typed does. */
  answering: boolean;
  /** A hint about the keys, in place of the usual one. */
  hint?: string;
  columns: number;
  rows: number;
  /** Milliseconds since 1970. */
  now: number;
}

/** How many of each are shown at most. */
const most = { calls: 6, queued: 3, completions: 6 };

/**
 * Lays the live part out in at most `rows - 2` lines of at most `columns` columns: lines that have scrolled off can't be erased any more, and
 * a terminal whose whole screen is erased keeps a copy of it above (tmux, VS Code; seen 2026-11). Room goes first to the status and the
 * draft, then to the question, the completions, what is going on, the follow-ups and the calls. The streamed answer gets what is left, half
 * the screen at most, and shows its end: if the window then becomes half as wide, the answer still fits on the screen and can be erased.
 */
export function liveLines(input: LiveInput, paint: Paint): Live {
  const { view, columns, now } = input;
  const screen = new Room(Math.max(2, input.rows - 2));
  const status = screen.take([statusLine(view, columns, now, paint)]);
  const typed = typedLines(input, Math.max(1, Math.min(screen.left, Math.floor(input.rows / 3))), paint);
  screen.take(typed.rows);
  // In a window of few rows the question's last lines are kept, its keys: the whole of it was printed above.
  const question = screen.takeLast(
    view.question ? questionLines(view.question, input, screen.left - 2, paint) : [],
  );
  const choices = screen.take(choiceLines(input, paint));
  const doing = screen.take(view.question ? [] : doingLines(view, input, paint));
  const queued = screen.take(queuedLines(view, columns, paint));
  const calls = screen.takeLast(callLines(view.calls, columns, now, paint));
  const gap = screen.take([""]);
  const room = Math.min(screen.left, Math.floor(input.rows / 2));
  const answer = screen.takeLast(answerLines(view, columns, room, paint));
  const above = [...answer, ...gap, ...calls, ...queued, ...doing, ...question];
  // In a very narrow window some lines' fixed words are wider than it.
  const lines = [...above, ...typed.rows, ...choices, ...status].map((line) => fit(line, columns));
  if (view.question && input.answering) return { lines };
  return { lines, cursor: { x: typed.column, y: above.length + typed.row } };
}

/** Hands out the lines of the screen until none are left. */
class Room {
  left: number;

  constructor(lines: number) {
    this.left = lines;
  }

  take(lines: readonly string[]): readonly string[] {
    const taken = lines.slice(0, Math.max(0, this.left));
    this.left -= taken.length;
    return taken;
  }

  takeLast(lines: readonly string[]): readonly string[] {
    return this.take(this.left <= 0 ? [] : lines.slice(-this.left));
  }
}

/** The rows of the draft around the cursor, as many as there is room for. */
function typedLines(
  { draft, columns, view, answering }: LiveInput,
  room: number,
  paint: Paint,
): { rows: readonly string[]; row: number; column: number } {
  const mark = paint("accent", "› ");
  if (draft.text === "") {
    const words = view.question && answering ? "" : placeholder(view);
    return { rows: [mark + paint("quiet", fit(words, columns - 3))], row: 0, column: 2 };
  }
  const part = around(draft, columns * room * 2);
  const laid = layOut(part, Math.max(4, columns - 3));
  const from = Math.max(0, Math.min(laid.row - room + 1, laid.rows.length - room));
  const rows = laid.rows
    .slice(from, from + room)
    .map((row, at) => (from + at === 0 && !part.isCut ? mark : "  ") + printable(row));
  return { rows, row: laid.row - from, column: laid.column + 2 };
}

function placeholder({ phase, elsewhere }: View): string {
  if (phase.kind === "resting" && elsewhere !== undefined) return "/queue TEXT leaves a message for it";
  if (phase.kind === "resting")
    return phase.stop
      ? "Enter goes on where it stopped; or type a message"
      : "type a message; / for commands";
  return "type what comes next; it waits until this turn is done";
}

function choiceLines({ completions, chosen, columns }: LiveInput, paint: Paint): string[] {
  const from = Math.max(0, Math.min(chosen - most.completions + 1, completions.length - most.completions));
  return completions.slice(from, from + most.completions).map(({ word, summary }, at) => {
    const isChosen = from + at === chosen;
    const line = fit(`${isChosen ? "▸" : " "} ${word.padEnd(22)} ${summary}`, columns - 1);
    return isChosen ? paint("accent", line) : paint("quiet", line);
  });
}

function questionLines(
  { title, detail, all, isAbove }: Question,
  { columns, answering }: LiveInput,
  room: number,
  paint: Paint,
): string[] {
  const rows = Math.max(1, room - 3);
  // As much as there may be room for, and no megabytes: this is drawn several times a second.
  const part = detail.slice(0, (rows + 1) * (columns + 1));
  const lines = (part === "" ? [] : part.split("\n")).flatMap((line) =>
    wrapCode(printable(line), columns - 2, { first: "  ", rest: "  " }),
  );
  const shown = lines.slice(0, rows);
  const isCut = shown.length < lines.length || part.length < detail.length;
  const more = isAbove ? "all of it stands above" : "make the window larger to see the rest";
  const keys = `y yes · n no (Esc)${all ? " · a always" : ""}`;
  return [
    "",
    ...wrap(paint("warning", `? ${printableLine(title, 200)}`), columns),
    ...shown,
    ...(isCut ? [paint("quiet", fit(`  … ${more}`, columns))] : []),
    paint("strong", fit(`  ${answering ? keys : "Tab answers this"}`, columns)),
  ];
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** One line, with a moving mark, that says what is going on; else the hint. */
function doingLines({ phase, thought }: View, { now, columns, hint }: LiveInput, paint: Paint): string[] {
  const words = doingWords(phase, thought, now);
  if (words === undefined) return hint === undefined ? [] : [paint("quiet", fit(hint, columns))];
  const frame = frames[Math.floor(now / 100) % frames.length] ?? "";
  const end = hint ?? (phase.kind === "stopping" ? "" : "Esc stops it");
  return [
    `${paint("accent", frame)} ${paint("quiet", fit([words, end].filter(Boolean).join(" · "), columns - 2))}`,
  ];
}

function doingWords(phase: Phase, thought: string, now: number): string | undefined {
  switch (phase.kind) {
    case "resting":
      return phase.stop?.kind === "limited" && phase.stop.wakes && phase.stop.until !== undefined
        ? `goes on by itself in ${durationWords(phase.stop.until - now)}`
        : undefined;
    case "working": {
      const time = durationWords(now - phase.since);
      if (phase.what !== "") return `${time} · ${phase.what}`;
      const last = thought.trimEnd().split("\n").at(-1) ?? "";
      return last === "" ? `working ${time}` : `thinking ${time} · ${printableLine(last.slice(-160), 160)}`;
    }
    case "waiting":
      return `waiting for the limit to reset: ${durationWords(phase.until - now)}`;
    case "stopping":
      return "stopping; what has finished is kept";
    case "commanding":
      return phase.what;
  }
}

function queuedLines({ queued }: View, columns: number, paint: Paint): string[] {
  const shown = queued
    .slice(0, most.queued)
    .map(({ text, mode }) =>
      paint(
        "quiet",
        fit(`» ${mode === "steer" ? "at the next step" : "next"}: ${printableLine(text, 200)}`, columns),
      ),
    );
  const more = queued.length - shown.length;
  return more > 0 ? [...shown, paint("quiet", `» and ${more} more`)] : shown;
}

function callLines(calls: readonly RunningCall[], columns: number, now: number, paint: Paint): string[] {
  const shown = calls
    .slice(-most.calls)
    .flatMap(({ text, since, printed }) => [
      fit(`${paint("accent", "$")} ${printableLine(text, 400)}`, columns - 8) +
        paint("quiet", `  ${secondsWords(Math.max(0, now - since))}`),
      ...(printed === undefined ? [] : [paint("quiet", fit(`  ${printed}`, columns))]),
    ]);
  const more = calls.length - most.calls;
  return more > 0 ? [paint("quiet", `… ${more} more running`), ...shown] : shown;
}

/** Characters of Markdown that are taken for a line, to lay out no more of an answer than can be in sight. */
const charactersALine = 400;

function answerLines({ answer, scrolled }: View, columns: number, room: number, paint: Paint): string[] {
  if (answer.trim() === "" || room <= 0) return [];
  const lines = markdownLines(endOf(scrolled.fence + answer, room * charactersALine), columns, paint);
  return (scrolled.fence === "" ? ["", ...lines] : lines).slice(-room);
}

/** The end of a Markdown text, from the beginning of a line on. Where that lies in a code block, an opening fence is put before it. */
function endOf(text: string, length: number): string {
  if (text.length <= length) return text;
  const from = text.indexOf("\n", text.length - length) + 1 || text.length - length;
  const fences = text.slice(0, from).match(/^ {0,3}```/gmu)?.length ?? 0;
  return (fences % 2 === 1 ? "```\n" : "") + text.slice(from);
}
