import type { SaidMessage } from "../../foreign/codex/list/last-messages.ts";
import { systemClock } from "../../lib/clock.ts";
import { isJsonObject, parseJsonBytes } from "../../lib/json.ts";
import { Failure } from "../../failure.ts";
import { isItemRecord } from "../../session/event.ts";
import { itemText } from "../../session/item.ts";
import { carriedOn, isSummaryItem } from "../../session/summary-item.ts";
import type { Place } from "../../session/place.ts";
import { standingAt } from "../../session/standing.ts";
import type { ListQuery, SessionStore } from "../../store.ts";
import { itemsOf } from "../../session/items.ts";
import { historyOf } from "../../store/fold.ts";
import { checkName } from "../pick.ts";
import { relativesOf } from "../relatives.ts";
import type { CodexQuery } from "../codex-sessions.ts";
import type { Invocation } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";
import { type Config, openStore } from "../config.ts";
import { placeOf } from "../place.ts";
import { watchWords } from "../store-for.ts";
import type { PickerSource } from "./picker-model.ts";
import type { PickerRows } from "./picker-state.ts";
import type { Listed } from "../codex-sessions.ts";

/** More messages never fit into a preview. */
const mostMessages = 6;

/** What a picker lists: the store's sessions, and Codex's own when they are asked for. */
export interface Shelves {
  readonly store: SessionStore;
  /** Where the person stands. */
  readonly here: Place;
  readonly codex: Pick<CodexQuery, "environment" | "home">;
  readonly tell: PickerSource["tell"];
  /** Is told whom the store waits for. The picker that is shown sets it. */
  readonly waits: { tell: (words: string) => void };
}

/** Opens what a picker lists. What is being changed when it is closed, and waits for another host's owner, isn't changed any more. */
export function openShelves(
  invocation: Invocation,
  { home }: Pick<Config, "home">,
): { shelves: Shelves; close(): Promise<void> } {
  const { environment, folder, signal } = invocation;
  const ended = new AbortController();
  const waits: Shelves["waits"] = { tell: () => undefined };
  const { store } = openStore(
    { home },
    {
      signal: AbortSignal.any([signal, ended.signal]),
      onWatch: (owner) => waits.tell(watchWords(owner)),
    },
  );
  const tell = (words: string): string => inHome(invocation, words);
  return {
    shelves: { store, here: placeOf(folder), codex: { environment, home }, tell, waits },
    close: () => {
      ended.abort();
      return store.close();
    },
  };
}

/**
 * A picker's source of sessions. Codex's own can only be read and picked, which takes them over. What changes a session is imported when it
 * is asked for, so that the list needn't wait for it.
 */
export function sessionSource({ store, here, codex, tell }: Shelves): PickerSource {
  return {
    tell,
    list: async (which) => {
      const place = which.everywhere ? undefined : here;
      return pickerRows(store, place, which.codex ? { codex: { ...codex, tell } } : {});
    },
    search: async (words, rows) => {
      const { isCodexSession, searchCodex } = await codexModule();
      const theirs = rows.filter(isCodexSession);
      const ours = await store.search(
        words,
        rows.filter((row) => !isCodexSession(row)),
      );
      return new Set([...ours, ...(await searchCodex(words, theirs, codex.environment))]);
    },
    messages: async (row) => {
      const { isCodexSession, lastOfCodex } = await codexModule();
      return isCodexSession(row) ? lastOfCodex(row, mostMessages) : lastMessages(store, row.id);
    },
    rename: async (row, name) => {
      ownOnly(row);
      const { id } = row;
      await checkName(store, name, id);
      const { note } = await import("../../runtime/note.ts");
      await note(store, id, "naming it", (history) =>
        history.name === name ? [] : [{ type: "session-renamed", name }],
      );
    },
    archive: async (row) => {
      ownOnly(row);
      const { archive } = await import("../../runtime/archive.ts");
      await archive(store, row.id, true);
    },
    delete: async (row) => {
      ownOnly(row);
      const relatives = relativesOf([row], await store.everything());
      const { forgetLists } = await import("../copies.ts");
      const troubles = forgetLists(codex.home);
      await store.remove(row.id, { sweep: false });
      troubles.push(...(await store.sweep([row.id])));
      const left = relatives.map(({ relation, session }) => `${relation} ${session.id}`);
      return [...(left.length === 0 ? [] : [`some of it is still in ${left.join(", ")}`]), ...troubles].join(
        "; ",
      );
    },
    fork: async (row) => {
      ownOnly(row);
      const { forkSession } = await import("../../runtime/fork.ts");
      return (await forkSession({ store, clock: systemClock }, row.id)).id;
    },
  };
}

/** Throws `usage` for a Codex session, which can't be changed from here. */
function ownOnly({ origin }: Listed): void {
  if (origin === undefined) return;
  throw new Failure(
    "usage",
    "A session of Codex's is only read. Enter takes it over and goes on with it.",
    {},
  );
}

const codexModule = (): Promise<typeof import("../codex-sessions.ts")> => import("../codex-sessions.ts");

/** The rows that a picker begins with: Throughline's own sessions, or Codex's where there is no own one yet. */
export async function firstRows(
  { store, codex, tell }: Pick<Shelves, "store" | "codex" | "tell">,
  here: Place | undefined,
  onRead?: ListQuery["onRead"],
): Promise<PickerRows> {
  const reading = onRead && { onRead };
  const own = await pickerRows(store, here, reading);
  return own.rows.length + own.elsewhere > 0
    ? own
    : pickerRows(store, here, { codex: { ...codex, tell }, ...reading });
}

/** The picker's rows. `here`: only this workspace's. `codex`: with Codex's own sessions. Archived ones are counted and left out. */
async function pickerRows(
  store: SessionStore,
  here: Place | undefined,
  {
    codex,
    onRead,
  }: { codex?: Pick<CodexQuery, "environment" | "home" | "tell"> } & Pick<ListQuery, "onRead"> = {},
): Promise<PickerRows> {
  let elsewhere = 0;
  const place = here && { workspace: here };
  const hidden = new Set<string>();
  const onHidden: ListQuery["onHidden"] = (count, ids) => {
    elsewhere = count;
    for (const id of ids) hidden.add(id);
  };
  const reading = onRead && { onRead };
  let listed: Listed[] = await store.list({ ...place, onHidden, ...reading });
  if (codex) {
    const { codexSessions } = await codexModule();
    const found = await codexSessions({ ...codex, own: listed, hidden, ...(here && { here }), ...reading });
    listed = found.sessions;
    elsewhere += found.elsewhere;
  }
  const now = systemClock.now();
  const rows = listed
    .filter(({ archived }) => archived === undefined)
    .map((session) => standingAt(session, now));
  const [everywhere, archived] = [here === undefined, listed.length - rows.length];
  return { rows, everywhere, codex: codex !== undefined, elsewhere, archived };
}

/** The last messages of the session's window, without instructions and context. */
async function lastMessages(store: SessionStore, id: string): Promise<SaidMessage[]> {
  const { items } = await historyOf(store, id);
  const records = items
    .filter(isItemRecord)
    .filter(({ event }) => {
      const { kind, role, empty } = event;
      const isContext = event.type === "item-added" && event.context === true;
      return kind === "message" && role !== "developer" && role !== "system" && !empty && !isContext;
    })
    .slice(-mostMessages);
  const messages: SaidMessage[] = [];
  for await (const { record, item } of itemsOf(records, (refs) => store.bodies(id, refs))) {
    const parsed = parseJsonBytes(item);
    // A summary is nobody's words; the person's last message, which it carries on, is.
    const isSummary = isJsonObject(parsed) && isSummaryItem(parsed);
    const text = (isSummary ? (carriedOn(item).prompt ?? "") : itemText(parsed)).trim();
    if (text !== "") messages.push({ who: record.event.role === "user" ? "you" : "agent", text });
  }
  return messages;
}
