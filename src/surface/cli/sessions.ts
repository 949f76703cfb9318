import { existsSync } from "node:fs";
import { join } from "node:path";
import { codexHome } from "../../foreign/codex/home/places.ts";
import { printableLine } from "../../lib/printable.ts";
import type { Place } from "../../session/place.ts";
import type { ListedSession } from "../../store.ts";
import { printJson } from "../json/print.ts";
import { type CodexSession, codexSessions, isCodexSession, searchCodex } from "../codex-sessions.ts";
import { readConfig } from "../config.ts";
import { placeOf } from "../place.ts";
import { labelWords, listLine, mostLabel } from "../session-words.ts";
import { type Invocation, optionText } from "./command.ts";
import { storeFor } from "./store-for.ts";
import { filtersOf, wantsArchived } from "./filter.ts";
import { progress } from "./progress.ts";

export async function sessions(invocation: Invocation): Promise<number> {
  await listSessions(invocation);
  return 0;
}

/** Prints the list; how many sessions are in it. */
export async function listSessions(invocation: Invocation): Promise<number> {
  const { terminal, options, folder, signal } = invocation;
  const now = Date.now();
  const filters = filtersOf(invocation, now);
  const { store, troubles } = storeFor(invocation);
  const reading = progress(terminal);
  try {
    const here = placeOf(folder);
    const hidden: Hidden[] = [];
    let shown: Listed[] = await store.list({
      ...(options["all"] !== true && { workspace: here }),
      onHidden: (count) => hidden.push({ by: elsewhere, count }),
      onRead: (read, total) => reading.show(read, total, "sessions read for the catalogue"),
    });
    if (options["codex"] === true) {
      const own = new Set(shown.map(({ id }) => id));
      const { home } = readConfig(options, invocation.environment, folder);
      const codex = codexSessions({
        environment: invocation.environment,
        home,
        own,
        ...(options["all"] !== true && { here }),
        onRead: (read, total) => reading.show(read, total, "Codex sessions read"),
      });
      shown = [...shown, ...codex.sessions].sort((a, b) => b.updated - a.updated);
      hidden.push({ by: elsewhere, count: codex.elsewhere });
      for (const trouble of codex.troubles) terminal.err(`${printableLine(trouble, 300)}\n`);
    }
    reading.clear();
    for (const trouble of troubles) terminal.err(`${printableLine(trouble, 300)}\n`);
    if (options["archived"] !== true && !wantsArchived(invocation)) {
      const kept = shown.filter(({ archived }) => archived === undefined);
      hidden.push({ by: "archived", count: shown.length - kept.length });
      shown = kept;
    }
    for (const { given, keeps } of filters) {
      const kept = shown.filter(keeps);
      hidden.push({ by: given, count: shown.length - kept.length });
      shown = kept;
    }
    const search = optionText(invocation, "search");
    if (search !== undefined) {
      const own = shown.filter((session) => !isCodexSession(session));
      const found = new Set([
        ...(await store.search(search, own, {
          onRead: (read, total) => reading.show(read, total, "sessions read for the search"),
          signal,
        })),
        ...(await searchCodex(search, shown.filter(isCodexSession))),
      ]);
      hidden.push({ by: `--search ${search}`, count: shown.length - found.size });
      shown = shown.filter(({ id }) => found.has(id));
      reading.clear();
    }
    if (options["json"] === true) printJson<"sessions">(terminal, { sessions: shown, hidden });
    else {
      const columns = terminal.screen?.output.columns;
      const isCodex = options["codex"] === true;
      terminal.out(await table(shown, hidden, { here, now, isCodex, ...(columns && { columns }) }));
      if (shown.length === 0 && !isCodex && existsSync(join(codexHome(invocation.environment), "sessions")))
        terminal.out("Codex's own sessions: throughline sessions --codex\n");
    }
    return shown.length;
  } finally {
    reading.clear();
    await store.close();
  }
}

/** One of our own, or one of Codex's. */
type Listed = ListedSession | CodexSession;

const elsewhere = "workspace";

/** How many sessions one filter took out of the list, in the order in which they are applied. */
interface Hidden {
  by: string;
  count: number;
}

async function table(
  shown: readonly Listed[],
  hidden: readonly Hidden[],
  { here, now, isCodex, columns }: { here: Place; now: number; isCodex: boolean; columns?: number },
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
        : 'No session in this workspace yet. Start one with: throughline exec "…"',
    );
  const told = counts.map(({ by, count }) => {
    if (by === elsewhere)
      return `${count} more in other workspaces: throughline sessions --all${isCodex ? " --codex" : ""}`;
    if (by === "archived") return `${count} archived: throughline sessions --archived`;
    return `${count} hidden by ${printableLine(by, 60)}`;
  });
  if (told.length > 0) lines.push(told.join("; "));
  return `${lines.join("\n")}\n`;
}

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
