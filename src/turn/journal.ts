import { advance, type History } from "../session/history.ts";
import type { LogRecord } from "../session/event.ts";
import { summarize } from "../session/summary.ts";
import type { Append, SessionLog } from "../store.ts";

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

  /** Keeps what lists say of the session, as of this time (milliseconds since 1970). */
  describe(at: number): void {
    this.log.describe(summarize(this.history, at));
  }
}
