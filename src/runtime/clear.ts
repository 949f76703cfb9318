import { crashPoint } from "../lib/fault.ts";
import { isFailureOf } from "../failure.ts";
import { sessionCreated } from "../session/created.ts";
import type { NewEvent } from "../session/event.ts";
import type { History } from "../session/history.ts";
import type { SessionStore } from "../store.ts";
import { successorWatch } from "../store/chain.ts";
import { ownJournal } from "./open.ts";

/**
 * Clears a session: its context is never projected again, and a turn that was cut off or parked is over. The sessions that it was rotated
 * from are cleared too, as `undo` would bring them back; forks aren't touched. With `scrub` only metadata is kept: id, name, folder,
 * settings, counts. Resolves to the ids of the cleared sessions, the head first. Throws `lease-held` while somebody works in one of them,
 * and `session-damaged` or `schema-newer` where a log can't take the event.
 */
export async function clearSession(
  store: SessionStore,
  id: string,
  { scrub }: { scrub: boolean },
): Promise<string[]> {
  const cleared: string[] = [];
  for (let next: string | undefined = id; next !== undefined && !cleared.includes(next);) {
    const history = await clearOne(store, next, scrub);
    cleared.push(next);
    next = await predecessorOf(store, next, history);
  }
  return cleared;
}

async function clearOne(store: SessionStore, id: string, scrub: boolean): Promise<History> {
  const journal = await ownJournal(store, id, { doing: scrub ? "scrubbing it" : "clearing it" });
  const { log, history } = journal;
  try {
    const records = await journal.append({ event: { type: "history-cleared", scrubbed: scrub } });
    crashPoint("clear-appended");
    const at = records.at(-1)?.event.at;
    if (scrub) await store.scrub(log, metadataOf(history, store.version));
    else if (at !== undefined) journal.describe(at);
    return history;
  } finally {
    await log.release();
  }
}

/** The events of a scrubbed log: what a list needs, and nothing that anybody said. */
function metadataOf(history: History, version: string): NewEvent[] {
  const { id, workspace, settings, name, parent, rotated, successor, archived } = history;
  const { created, turn, step, messages, usage, repairs, delivered } = history;
  return [
    sessionCreated({ id, version, workspace, settings, name, parent, rotated }),
    {
      type: "history-carried",
      created,
      turn,
      step,
      messages,
      usage,
      amendments: [],
      quarantines: [],
      repairs,
      delivered: [...delivered],
    },
    { type: "history-cleared", scrubbed: true },
    ...(archived ? [{ type: "session-archived" } as const] : []),
    ...(successor === undefined ? [] : [{ type: "session-rotated", successor } as const]),
  ];
}

/** The session that this one was rotated from, as long as that one's log still names this one as its successor. */
async function predecessorOf(
  store: SessionStore,
  id: string,
  { parent, rotated }: History,
): Promise<string | undefined> {
  if (!rotated || parent === undefined) return undefined;
  try {
    const { visitor, successor } = successorWatch();
    await store.read(parent, visitor);
    return successor() === id ? parent : undefined;
  } catch (error) {
    // It was deleted.
    if (isFailureOf(error, "session-missing")) return undefined;
    throw error;
  }
}
