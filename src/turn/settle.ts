import type { History } from "../session/history.ts";
import type { ItemRecord } from "../session/event.ts";
import type { Calls } from "./calls.ts";
import type { Journal } from "./journal.ts";

/**
 * Starts again every call that the log leaves without output: the call's spool decides whether that runs it, follows it, collects it or
 * answers that its outcome is unknown. Resolves when every output is in the log.
 */
export async function settleCalls(journal: Journal, calls: Calls): Promise<void> {
  for (const { record, started } of openCalls(journal.history))
    calls.start(record, await journal.log.body(record.body), started);
  await calls.drain();
}

function openCalls(history: History): { record: ItemRecord; started: boolean }[] {
  return [...history.openCalls.values()].map(({ record, started }) => ({ record, started }));
}
