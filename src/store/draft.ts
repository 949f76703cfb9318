import type { Clock } from "../lib/clock.ts";
import type { Append, LogVisitor } from "../store.ts";
import { LineBuffer, recordAt, validateAppend } from "./line.ts";

/** Bytes that are written at once. */
const pieceBytes = 2 ** 19;
/** A piece, and what is added to it at once. */
const roomBytes = pieceBytes + 2 ** 18;

/** How the lines of a draft are stamped and written. */
export interface DraftOptions {
  fence: number;
  clock: Clock;
  /** Takes the bytes that follow on those before; it may use them until it is given the next ones. Rejects when an earlier write failed. */
  write(bytes: Buffer): Promise<void>;
  visitor?: LogVisitor | undefined;
}

/**
 * A log that nobody can see yet, from its first line on. Nothing of it is acknowledged, so that its events needn't wait for each other: they
 * become lines as soon as they are given, and what they were made of can be used again.
 */
export class Draft {
  readonly #options: DraftOptions;
  /** In turn: while one is still being written, the next lines are put into the other. */
  #lines = new LineBuffer(roomBytes);
  #others = new LineBuffer(roomBytes);
  #written = 0;
  #nextSeq = 0;

  constructor(options: DraftOptions) {
    this.#options = options;
  }

  /** The number that the next event gets. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Gives all of these to `write`, in groups of any size. */
  async writeAll(events: AsyncIterable<readonly Append[]> | Iterable<readonly Append[]>): Promise<void> {
    for await (const group of events) {
      this.#add(group);
      if (this.#lines.length >= pieceBytes) await this.#write();
    }
    await this.#write();
  }

  #add(events: readonly Append[]): void {
    const { fence, clock, visitor } = this.#options;
    const now = clock.now();
    for (const append of events) {
      validateAppend(append);
      const { event, item, at = now } = append;
      const numbered = { seq: this.#nextSeq++, fence, at, ...event };
      const offset = this.#written + this.#lines.length;
      const { body } = this.#lines.add(numbered, item);
      visitor?.record(recordAt(offset, numbered, body));
    }
  }

  /** Resolves when more can be added: what is written now, the system takes meanwhile. */
  async #write(): Promise<void> {
    const bytes = this.#lines.bytes();
    if (bytes.length === 0) return;
    await this.#options.write(bytes);
    this.#written += bytes.length;
    [this.#lines, this.#others] = [this.#others, this.#lines];
    this.#lines.clear();
  }
}
