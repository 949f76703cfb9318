import { printableLine } from "../../lib/printable.ts";
import type { Place } from "../../session/place.ts";
import type { ListedSession } from "../../store.ts";
import type { CodexSession } from "../codex-sessions.ts";
import { labelWords, listLine, mostLabel } from "../session-words.ts";

/** One of our own, or one of Codex's. */
export type Listed = ListedSession | CodexSession;

/** What takes sessions of other workspaces out of a list, as `Hidden` names it. */
export const elsewhere = "workspace";

/** How many sessions one filter took out of the list, in the order in which they are applied. */
export interface Hidden {
  by: string;
  count: number;
}

/** Options that take more into a list, in the order in which a command has them. */
const widening = ["all", "archived", "codex"] as const;

/** What a list was asked for, by which the command is told that shows the rest of it too. */
export type Asked = { readonly [Option in (typeof widening)[number]]: boolean };

interface TableWorld {
  here: Place;
  now: number;
  asked: Asked;
  /** What is told beneath the sessions, with its commands as they are to be copied. */
  tell(words: string): string;
  columns?: number;
}

/** A line for each session, as wide as the terminal where there is one (`columns`), and one that counts what is hidden. */
export async function sessionTable(
  shown: readonly Listed[],
  hidden: readonly Hidden[],
  { here, now, asked, tell, columns }: TableWorld,
): Promise<string> {
  const labels = shown.map((session) => labelWords(session, mostLabel));
  const columnsOf = await measure(labels);
  const padded = aligned(labels, columnsOf);
  const lines = shown.map((session, at) => {
    const line = listLine(session, now, here, padded[at]);
    if (columns === undefined || columnsOf(line) <= columns) return line;
    return folded(listLine(session, now, here, labels[at]), columns, columnsOf);
  });
  const counts = [...new Set(hidden.map(({ by }) => by))]
    .map((by) => ({
      by,
      count: hidden.filter((each) => each.by === by).reduce((sum, each) => sum + each.count, 0),
    }))
    .filter(({ count }) => count > 0);
  if (shown.length === 0)
    lines.push(
      counts.some(({ by }) => by !== elsewhere)
        ? "No session fits."
        : tell('No session in this workspace yet. Start one with: throughline exec "…"'),
    );
  const told = counts.map(({ by, count }) => {
    if (by === elsewhere)
      return tell(`${count} more in other workspaces: ${listing({ ...asked, all: true })}`);
    if (by === "archived") return tell(`${count} archived: ${listing({ ...asked, archived: true })}`);
    return `${count} hidden by ${printableLine(by, 60)}`;
  });
  if (told.length > 0) lines.push(told.join("; "));
  return `${lines.join("\n")}\n`;
}

const listing = (asked: Asked): string =>
  ["throughline sessions", ...widening.filter((option) => asked[option]).map((option) => `--${option}`)].join(
    " ",
  );

type ColumnsOf = (text: string) => number;

async function measure(labels: readonly string[]): Promise<ColumnsOf> {
  const isPlain = labels.every((label) => /^[ -~…]*$/u.test(label));
  // Its tables take a tenth of the time of a list to load.
  return isPlain ? ({ length }) => length : (await import("string-width")).default;
}

/** With blanks behind them, so that what follows stands in a column, beside wide characters too. */
function aligned(labels: readonly string[], columnsOf: ColumnsOf): string[] {
  const columns = labels.map((label) => columnsOf(label));
  const most = columns.reduce((widest, width) => Math.max(widest, width), 0);
  return labels.map((label, at) => label + " ".repeat(most - (columns[at] ?? 0)));
}

/** For a terminal that is narrower than the line: broken between what it tells, not in a word. */
function folded(line: string, columns: number, columnsOf: ColumnsOf): string {
  const rows: string[] = [];
  let row = "";
  for (const part of line.split(/(?<= · |\S {2})(?=\S)/u)) {
    if (row !== "" && columnsOf((row + part).trimEnd()) > columns) {
      rows.push(row.trimEnd());
      row = "    ";
    }
    row += part;
  }
  return [...rows, row].join("\n");
}
