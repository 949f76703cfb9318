import { existsSync } from "node:fs";
import { join } from "node:path";
import { codexHome } from "../../foreign/codex/home/places.ts";
import { printableLine } from "../../lib/printable.ts";
import type { Place } from "../../session/place.ts";
import { standingAt } from "../../session/standing.ts";
import type { SessionStore } from "../../store.ts";
import { printJson } from "../json/print.ts";
import { codexSessions, isCodexSession, type Listed, searchCodex } from "../codex-sessions.ts";
import { homeFolder } from "../config.ts";
import { placeOf } from "../place.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import { elsewhere, type Hidden, sessionTable } from "./session-table.ts";
import { storeFor } from "../store-for.ts";
import { filtersOf, wantsArchived } from "./filter.ts";
import { type Progress, progress } from "./progress.ts";

/** `throughline sessions`. */
export async function sessions(invocation: Invocation): Promise<number> {
  await listSessions(invocation);
  return 0;
}

/** Prints the list of sessions; resolves to how many it shows. */
export async function listSessions(invocation: Invocation): Promise<number> {
  const { terminal, options, folder, environment } = invocation;
  const now = Date.now();
  // First, so that a wrong value is told before anything is read.
  const filters = filtersOf(invocation, now);
  const { store, troubles } = storeFor(invocation);
  const reading = progress(terminal);
  try {
    const here = placeOf(folder);
    const found = await gathered(invocation, store, here, reading);
    reading.clear();
    for (const trouble of [...found.troubles, ...troubles]) terminal.err(`${printableLine(trouble, 300)}\n`);
    const list = new Sieve(found, now);
    const isArchived = options["archived"] === true;
    if (!isArchived && !wantsArchived(invocation))
      list.keep("archived", ({ archived }) => archived === undefined);
    for (const { given, keeps } of filters) list.keep(given, keeps);
    const search = optionText(invocation, "search");
    if (search !== undefined) {
      const ids = await searched(search, list.shown, invocation, { store, reading });
      list.keep(`--search ${search}`, ({ id }) => ids.has(id));
      reading.clear();
    }
    const { shown, hidden } = list;
    if (options["json"] === true) printJson<"sessions">(terminal, { sessions: [...shown], hidden });
    else {
      const columns = terminal.screen?.output.columns;
      const isCodex = options["codex"] === true;
      const tell = (words: string): string => inHome(invocation, words);
      const asked = { all: options["all"] === true, archived: isArchived, codex: isCodex };
      terminal.out(
        await sessionTable(shown, hidden, { here, now, asked, tell, ...(columns && { columns }) }),
      );
      if (shown.length === 0 && !isCodex && existsSync(join(codexHome(environment), "sessions")))
        terminal.out(tell("Codex's own sessions: throughline sessions --codex\n"));
    }
    return shown.length;
  } finally {
    reading.clear();
    await store.close();
  }
}

interface Gathered {
  readonly shown: readonly Listed[];
  readonly hidden: readonly Hidden[];
  readonly troubles: readonly string[];
}

/** Throughline's own sessions and, with `--codex`, Codex's; newest activity first. */
async function gathered(
  invocation: Invocation,
  store: SessionStore,
  here: Place,
  reading: Progress,
): Promise<Gathered> {
  const { options, environment, signal } = invocation;
  const hidden: Hidden[] = [];
  const isAll = options["all"] === true;
  const others = new Set<string>();
  const own = await store.list({
    ...(!isAll && { workspace: here }),
    onHidden: (count, ids) => {
      hidden.push({ by: elsewhere, count });
      for (const id of ids) others.add(id);
    },
    onRead: (read, total) => reading.show(read, total, "sessions read for the catalogue"),
  });
  if (options["codex"] !== true) return { shown: own, hidden, troubles: [] };
  const codex = await codexSessions({
    environment,
    home: homeFolder(options, environment),
    own,
    hidden: others,
    ...(!isAll && { here }),
    tell: (words) => inHome(invocation, words),
    onRead: (read, total) => reading.show(read, total, "Codex sessions read"),
    signal,
  });
  return {
    shown: codex.sessions,
    hidden: [...hidden, { by: elsewhere, count: codex.elsewhere }],
    troubles: codex.troubles,
  };
}

/** Applies filters one after the other, and counts what each of them hides. */
class Sieve {
  shown: readonly Listed[];
  readonly hidden: Hidden[];

  constructor({ shown, hidden }: Gathered, now: number) {
    this.shown = shown.map((session) => standingAt(session, now));
    this.hidden = [...hidden];
  }

  keep(by: string, fits: (session: Listed) => boolean): void {
    const kept = this.shown.filter(fits);
    this.hidden.push({ by, count: this.shown.length - kept.length });
    this.shown = kept;
  }
}

async function searched(
  text: string,
  shown: readonly Listed[],
  { environment, signal }: Invocation,
  { store, reading }: { store: SessionStore; reading: Progress },
): Promise<Set<string>> {
  const own = shown.filter((session) => !isCodexSession(session));
  return new Set([
    ...(await store.search(text, own, {
      onRead: (read, total) => reading.show(read, total, "sessions read for the search"),
      signal,
    })),
    ...(await searchCodex(text, shown.filter(isCodexSession), environment)),
  ]);
}
