import { NumberRows } from "./number-rows.ts";
import type { Span } from "../rollout/bytes/lines.ts";

/** Spans in their order, packed. The first `most` are kept and the others counted. */
export class SpanList {
  readonly #most: number;
  readonly #rows = new NumberRows(3);
  count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add({ index, at, bytes }: Span): void {
    if (this.count++ < this.#most) this.#rows.put(this.#rows.add(), index, at, bytes);
  }

  clear(): void {
    this.count = 0;
    this.#rows.cut(0);
  }

  *[Symbol.iterator](): Generator<Span, undefined> {
    const rows = this.#rows;
    for (let row = 0; row < rows.length; row++)
      yield { index: rows.get(row, 0), at: rows.get(row, 1), bytes: rows.get(row, 2) };
    return undefined;
  }
}
