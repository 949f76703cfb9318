import { printableLine } from "../../lib/printable.ts";
import type { Place } from "../../session/place.ts";
import type { Listed } from "../codex-sessions.ts";
import { labelWords, listLine, mostLabel } from "../session-words.ts";
import { type ColumnsOf, folded, measure, wordsOf } from "./fold.ts";

/** The name in `Hidden` for sessions of other workspaces. */
export const elsewhere = "workspace";

/** How many sessions one filter hides. Filters apply in order, so a session is counted by the first that hides it. */
export interface Hidden {
  by: string;
  count: number;
}

/** The options that show more sessions, in the order in which a suggested command has them. */
const widening = ["all", "archived", "codex"] as const;

/** Which of these options the list had, from which the command follows that shows the hidden sessions too. */
export type Asked = { readonly [Option in (typeof widening)[number]]: boolean };

interface TableWorld {
  here: Place;
  now: number;
  asked: Asked;
  /** Puts `--home` into the commands of the last line (`inHome`). */
  tell(words: string): string;
  columns?: number;
}

/** A line for each session, their labels as wide as the widest; one that is wider than `columns` is folded, where that is given. */
export async function sessionLines(
  shown: readonly Listed[],
  { here, now, columns }: Pick<TableWorld, "here" | "now" | "columns">,
): Promise<string[]> {
  const labels = shown.map((session) => labelWords(session, mostLabel));
  const columnsOf = await measure(labels);
  const padded = aligned(labels, columnsOf);
  return shown.map((session, at) => {
    const line = listLine(session, now, here, padded[at]);
    if (columns === undefined || columnsOf(line) <= columns) return line;
    const parts = facts(listLine(session, now, here, labels[at]));
    // A fact that no row has room for is folded itself.
    const fitting = parts.flatMap((part) => (columnsOf(part.trimEnd()) > columns - 4 ? wordsOf(part) : part));
    return folded(fitting, columns, columnsOf);
  });
}

/** A line for each session, folded at `columns` where that is given, and a last line that counts what is hidden (R6). */
export async function sessionTable(
  shown: readonly Listed[],
  hidden: readonly Hidden[],
  { here, now, asked, tell, columns }: TableWorld,
): Promise<string> {
  const lines = await sessionLines(shown, { here, now, ...(columns && { columns }) });
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

/** Pads the labels to the same width on the screen, wide characters included. */
function aligned(labels: readonly string[], columnsOf: ColumnsOf): string[] {
  const columns = labels.map((label) => columnsOf(label));
  const most = columns.reduce((widest, width) => Math.max(widest, width), 0);
  return labels.map((label, at) => label + " ".repeat(most - (columns[at] ?? 0)));
}

/** What a line tells, one after the other, each with what parts it from the next. */
const facts = (line: string): string[] => line.split(/(?<= · |\S {2})(?=\S)/u);
