import { NumberRows } from "./number-rows.ts";
import type { Span } from "../rollout/bytes/lines.ts";
import type { Unpaired } from "./unpaired.ts";
import type { TextSet } from "./text-set.ts";

const [index, at, bytes, kind, name, event, id] = [0, 1, 2, 3, 4, 5, 6];
const [none, closed] = [-1, 0];
/** At most so many different tool names are remembered. */
const mostWords = 2 ** 12;

/**
 * The calls of a rollout without output so far, in the order in which they were made. Kept in typed arrays, as a damaged rollout may have
 * a million. Calls whose ids `TextSet` doesn't take are not followed.
 */
export class OpenCalls {
  readonly #ids: TextSet;
  readonly #rows = new NumberRows(7);
  readonly #events = new NumberRows(3);
  /** By an id's number: its row plus one, or `closed`. */
  #rowOf = new Uint32Array(2 ** 7);
  readonly #words: string[] = [];
  readonly #numberOfWord = new Map<string, number>();
  count = 0;

  constructor(ids: TextSet) {
    this.#ids = ids;
  }

  /** Notes an open call, by its id's number; one with the same id that was open is another call, and is replaced. */
  open(
    line: number,
    offset: number,
    length: number,
    number: number,
    is: string,
    named: string | undefined,
  ): void {
    if (number === 0) return;
    if (number >= this.#rowOf.length) {
      const rowOf = new Uint32Array(2 * number);
      rowOf.set(this.#rowOf);
      this.#rowOf = rowOf;
    }
    const row = this.#rowOf[number]!;
    if (row === closed) {
      this.#rowOf[number] = this.#rows.length + 1;
      this.count++;
    }
    const place = row === closed ? this.#rows.add() : row - 1;
    this.#rows.put(place, line, offset, length, this.#word(is), this.#word(named), none, number);
  }

  /** Closes the call; whether it was open. "unknown" where calls with such an id are not followed. */
  close(number: number): boolean | "unknown" {
    if (number === 0) return "unknown";
    const row = this.#rowOf[number] ?? closed;
    if (row === closed) return false;
    this.#close(row - 1);
    this.#pack();
    return true;
  }

  /** Notes the event that tells of an open call; false where it isn't open. */
  tell(number: number, span: Span): boolean {
    const row = this.#rowOf[number] ?? closed;
    if (row === closed) return false;
    this.#rows.set(row - 1, event, this.#event(span));
    return true;
  }

  #event(span: Span): number {
    const row = this.#events.add();
    this.#events.put(row, span.index, span.at, span.bytes);
    return row;
  }

  /** Closes the calls from a line on. */
  closeFrom(line: number): void {
    for (let row = 0; row < this.#rows.length; row++)
      if (this.#isOpen(row) && this.#rows.get(row, index) >= line) this.#close(row);
    this.#pack();
  }

  *[Symbol.iterator](): Generator<Unpaired, undefined> {
    for (let row = 0; row < this.#rows.length; row++) if (this.#isOpen(row)) yield this.#call(row);
    return undefined;
  }

  #call(row: number): Unpaired {
    const rows = this.#rows;
    const named = this.#words[rows.get(row, name)];
    const told = rows.get(row, event);
    const events = this.#events;
    return {
      index: rows.get(row, index),
      at: rows.get(row, at),
      bytes: rows.get(row, bytes),
      call: this.#ids.textOf(rows.get(row, id)),
      kind: this.#words[rows.get(row, kind)] ?? "",
      ...(named !== undefined && { name: named }),
      ...(told !== none && {
        event: { index: events.get(told, 0), at: events.get(told, 1), bytes: events.get(told, 2) },
      }),
    };
  }

  #isOpen(row: number): boolean {
    return this.#rows.get(row, id) !== closed;
  }

  #close(row: number): void {
    this.#rowOf[this.#rows.get(row, id)] = closed;
    this.#rows.set(row, id, closed);
    this.count--;
  }

  /** Drops the rows of closed calls once they are most of all rows. */
  #pack(): void {
    if (this.count > 0 && this.#rows.length < 2 * this.count + 2 ** 10) return;
    let kept = 0;
    for (let row = 0; row < this.#rows.length && kept < this.count; row++) {
      if (!this.#isOpen(row)) continue;
      this.#rows.copy(row, kept);
      this.#rowOf[this.#rows.get(kept, id)] = ++kept;
    }
    this.#rows.cut(kept);
    if (kept === 0) this.#events.cut(0);
  }

  #word(word: string | undefined): number {
    if (word === undefined) return none;
    const known = this.#numberOfWord.get(word);
    if (known !== undefined) return known;
    if (this.#words.length === mostWords) return none;
    const number = this.#words.push(word) - 1;
    this.#numberOfWord.set(word, number);
    return number;
  }
}
