import type { LogRecord, NewEvent } from "../src/session/event.ts";
import type { History } from "../src/session/history.ts";
import type * as HistoryModule from "../src/session/history.ts";
import { recordAt } from "../src/store/line.ts";
import { encodeLine } from "../test/kit/log-line.ts";
import { shipped } from "./shipped.ts";

const { advance, createHistory } = await shipped<typeof HistoryModule>("session/history");

/** The lines of a session's log, made with the real codec as the store would write them, and the history that they fold to. */
export class LogLines {
  readonly history: History = createHistory();
  /** Bytes of the log so far. */
  bytes: number;
  /** Number of the next line. */
  seq = 0;

  /** `bytes`: of the lines that stand in the log already (`read`). */
  constructor(bytes = 0) {
    this.bytes = bytes;
  }

  read(record: LogRecord): void {
    advance(this.history, record);
    this.seq = record.event.seq + 1;
  }

  add(event: NewEvent, at: number, item?: Uint8Array): Buffer {
    const numbered = { seq: this.seq++, fence: 1, at, ...event };
    const { bytes, body } = encodeLine(numbered, item);
    advance(this.history, recordAt(this.bytes, numbered, body));
    this.bytes += bytes.length;
    return bytes;
  }
}
