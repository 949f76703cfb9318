import type { NewEvent } from "../session/event.ts";
import type { History } from "../session/history.ts";
import type { SessionStore } from "../store.ts";
import { ownJournal } from "./open.ts";

/**
 * Appends what a person says about a session (its name, say) without running anything in it. `events` is asked with the history at
 * hand; where it has none, only the lease is taken and given back. Throws `lease-held` while somebody works in it, `schema-newer`, and
 * `session-damaged` where the log is none.
 */
export async function note(
  store: SessionStore,
  id: string,
  doing: string,
  events: (history: History) => readonly NewEvent[],
): Promise<void> {
  const journal = await ownJournal(store, id, { doing });
  try {
    const records = await journal.append(...events(journal.history).map((event) => ({ event })));
    const last = records.at(-1);
    if (last) journal.describe(last.event.at);
  } finally {
    await journal.log.release();
  }
}
