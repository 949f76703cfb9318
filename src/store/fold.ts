import { advance, createHistory, type History, resumeFrom } from "../session/history.ts";
import { type SessionSummary, summarize } from "../session/summary.ts";
import type { LogVisitor, SessionStore } from "../store.ts";

/** A visitor that folds what a store reads, from the start or from the window, and the history that it made so far. */
export function folding(): { visitor: Required<LogVisitor>; history(): History } {
  let history = createHistory();
  return {
    visitor: {
      checkpoint: (record) => {
        history = resumeFrom(record);
      },
      record: (record) => advance(history, record),
    },
    history: () => history,
  };
}

/** What can still be sent of a session, folded from its window. Only reads. Throws what `read` of the store throws. */
export async function historyOf(store: Pick<SessionStore, "read">, id: string): Promise<History> {
  const fold = folding();
  await store.read(id, fold.visitor, { from: "window" });
  return fold.history();
}

/** A session's row for lists, folded from its window. Throws as `historyOf`. */
export async function summaryOf(store: Pick<SessionStore, "read">, id: string): Promise<SessionSummary> {
  const { visitor, history } = folding();
  let updated = 0;
  const record: LogVisitor["record"] = (each) => {
    visitor.record(each);
    updated = Math.max(updated, each.event.at);
  };
  await store.read(id, { ...visitor, record }, { from: "window" });
  // A folder that somebody copied holds a log of another id, and is found by its own.
  return { ...summarize(history(), updated), id };
}
