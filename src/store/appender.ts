import type { Clock } from "../lib/clock.ts";
import type { LogRecord, SessionEvent } from "../session/event.ts";
import type { Append } from "../store.ts";
import { LineBuffer, recordAt, validateAppend } from "./line.ts";

/**
 * What became of a write. `final`: no append will succeed any more, because the lease is gone, or because part of the write may be left
 * in the log, so that it has to be read again to know what it holds.
 */
export type Committed = { offset: number } | { failure: unknown; final: boolean };

/**
 * Makes bytes durable at the end of a log, and says at which offset they begin. It may keep using the buffer until the next commit is
 * answered.
 */
export type Commit = (bytes: Buffer) => Committed | Promise<Committed>;

interface Group {
  events: readonly Append[];
  resolve(records: LogRecord[]): void;
  reject(failure: unknown): void;
}

/** Numbers, fences and times events in the order in which they are asked for. What is asked for during a write shares the next one. */
export class Appender {
  readonly #fence: number;
  readonly #clock: Clock;
  readonly #commit: Commit;
  /** Two buffers that take turns: while one is being written, the next lines go into the other. */
  #lines = new LineBuffer();
  #others = new LineBuffer();
  readonly #onFinal: ((failure: unknown) => void) | undefined;
  #nextSeq: number;
  #waiting: Group[] = [];
  #running: Promise<void> | undefined;
  #closed: unknown;

  constructor(
    fence: number,
    nextSeq: number,
    clock: Clock,
    commit: Commit,
    onFinal?: (failure: unknown) => void,
  ) {
    this.#onFinal = onFinal;
    this.#fence = fence;
    this.#nextSeq = nextSeq;
    this.#clock = clock;
    this.#commit = commit;
  }

  async append(events: readonly Append[]): Promise<LogRecord[]> {
    for (const event of events) validateAppend(event);
    if (this.#closed !== undefined) throw this.#closed;
    if (events.length === 0) return [];
    return new Promise((resolve, reject) => {
      this.#waiting.push({ events, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Every append from now on is refused with the failure; one that is being written is finished. */
  close(failure: unknown): void {
    this.#closed ??= failure;
    for (const group of this.#waiting.splice(0)) group.reject(this.#closed);
  }

  /** Resolves when nothing is being written or waits for it. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever appends in the same tick shares the first write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const groups = this.#waiting.splice(0);
      try {
        await this.#write(groups);
      } catch (error) {
        // A mistake of the program: those who wait are told, and nothing more is appended.
        for (const group of groups) group.reject(error);
        this.close(error);
      }
    }
    this.#running = undefined;
  }

  async #write(groups: readonly Group[]): Promise<void> {
    const now = this.#clock.now();
    const written: { event: SessionEvent; line: ReturnType<LineBuffer["add"]> }[] = [];
    let seq = this.#nextSeq;
    for (const group of groups) {
      for (const { event, item, at = now } of group.events) {
        const numbered = { seq: seq++, fence: this.#fence, at, ...event };
        written.push({ event: numbered, line: this.#lines.add(numbered, item) });
      }
    }
    const committed = await this.#attempt(this.#lines.bytes());
    this.#lines.clear();
    [this.#lines, this.#others] = [this.#others, this.#lines];
    if ("failure" in committed) {
      for (const group of groups) group.reject(committed.failure);
      if (committed.final) {
        this.close(committed.failure);
        this.#onFinal?.(committed.failure);
      }
      return;
    }
    this.#nextSeq = seq;
    let { offset } = committed;
    let next = 0;
    for (const group of groups) {
      group.resolve(
        group.events.map(() => {
          const { event, line } = written[next++]!;
          const record = recordAt(offset, event, line.body);
          offset += line.length;
          return record;
        }),
      );
    }
  }

  /** After a commit that threw, nobody knows what it left in the log. */
  async #attempt(bytes: Buffer): Promise<Committed> {
    try {
      return await this.#commit(bytes);
    } catch (failure) {
      return { failure, final: true };
    }
  }
}
