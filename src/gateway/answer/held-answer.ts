import { isJsonObject, parseJson } from "../../lib/json.ts";

/** Bytes. Error bodies and answers that don't stream are held whole up to here, and pass unjudged beyond it. */
export const wholeLimit = 16 * 1024 * 1024;
/** Bytes of a stream that are held before its first output item. They echo instructions and tools twice. */
const preludeLimit = 8 * 1024 * 1024;
/** For how long they are held: a client may wait less patiently for the head of its answer than for what follows. */
const preludeMs = 60_000;

/** What has come of an answer of which nothing has gone out. */
export class HeldAnswer {
  #pieces: Buffer[] = [];
  #length = 0;
  /** When the first event came, in milliseconds of the process. */
  #since: number | undefined;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  get pieces(): readonly Buffer[] {
    return this.#pieces;
  }

  /** Copies the bytes. */
  add(bytes: Buffer): void {
    this.#pieces.push(Buffer.from(bytes));
    this.#length += bytes.length;
  }

  /** Adds events. Whether they may be held for longer, by their size and the time since the first. */
  holdsOn(events: Buffer, arrivedAt: number): boolean {
    this.#since ??= arrivedAt;
    this.add(events);
    return this.#length <= preludeLimit && arrivedAt - this.#since <= preludeMs;
  }

  get isTooLong(): boolean {
    return this.#length > wholeLimit;
  }

  whole(): Buffer {
    return this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
  }

  /** Gives what it holds, and holds nothing any more. */
  take(): readonly Buffer[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#length = 0;
    return pieces;
  }

  /**
   * Whether it is a whole JSON object. Some servers close the connection after a whole answer without the chunk, or short of the length,
   * that would end it.
   */
  get isWholeJson(): boolean {
    return isJsonObject(parseJson(this.whole().toString("utf8")));
  }
}
