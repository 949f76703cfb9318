import { advance, createHistory, type History, resumeFrom } from "../session/history.ts";
import type { LogRecord } from "../session/event.ts";
import type { Append, LogVisitor, SessionLog, SessionStore } from "../store.ts";

/** The log and the history that is folded from it, kept in step: what is appended is folded as soon as it is durable. */
export class Journal {
  readonly log: SessionLog;
  readonly history: History;

  constructor(log: SessionLog, history: History) {
    this.log = log;
    this.history = history;
  }

  /** Resolves when the events are durable and folded. Throws `lease-lost`, `session-removed` or a store failure; nothing is folded then. */
  async append(...events: Append[]): Promise<LogRecord[]> {
    const records = await this.log.append(...events);
    for (const record of records) advance(this.history, record);
    return records;
  }
}

/** A visitor that folds what a store reads, from the start or from the window, and the history that it made so far. */
export function folding(): { visitor: LogVisitor; history(): History } {
  let history = createHistory();
  return {
    visitor: {
      checkpoint: (record, checkpoint) => {
        history = resumeFrom(record, checkpoint);
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
