import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** A place where a record was: a line that is blank now or, with no bytes, a place between two lines. */
export interface Hole extends Span {
  /** The ordinal that it had, in a paginated rollout. */
  ordinal?: number;
}

/** Of so many blank lines in a row each has its ordinal. */
const mostSince = 10_000;

/** Finds places where records were: lines that are blank or can't be read, and ordinals that are missing. */
export class HolesWatch {
  readonly #onHole: (hole: Hole) => void;
  #lastOrdinal: number | undefined;
  /** Records without an ordinal since the last one that has one, and holes before them: each may be what the next one leaves room for. */
  #passed = 0;
  /** Holes since the last record. */
  #since: Hole[] = [];
  /** Offset behind the last record, and the index of the line there. */
  #end = 0;
  #lines = 0;

  constructor(onHole: (hole: Hole) => void) {
    this.#onHole = onHole;
  }

  /** The place behind the last record. */
  get end(): Hole {
    const ordinal = this.#lastOrdinal === undefined ? {} : { ordinal: this.#lastOrdinal + this.#passed + 1 };
    return { index: this.#lines, at: this.#end, bytes: 0, ...ordinal };
  }

  /** Notes a line that is blank or can't be read. */
  blank(line: RolloutLine): void {
    if (line.length > 0) this.#add(spanOf(line));
    if (this.#since.length > mostSince) this.#since.shift();
  }

  /** Follows one more record. Returns how many lines are gone right before it, beside those that are blank. */
  see({ ordinal }: WatchedRecord, line: RolloutLine): number {
    let gone = 0;
    const { length } = this.#since;
    if (ordinal === undefined) this.#passed += length + 1;
    else {
      for (const hole of this.#since)
        if (hole.ordinal !== undefined && hole.ordinal >= ordinal) delete hole.ordinal;
      const taken = this.#passed + length;
      if (this.#lastOrdinal !== undefined) gone = Math.max(0, ordinal - this.#lastOrdinal - 1 - taken);
      if (gone > 0) this.#add({ index: line.index, at: line.offset, bytes: 0 });
      this.#lastOrdinal = ordinal;
      this.#passed = 0;
    }
    if (this.#since.length > 0) this.#since = [];
    this.#end = line.offset + line.length + line.ending.length;
    this.#lines = line.index + 1;
    return gone;
  }

  #add(span: Span): void {
    const hole: Hole = { ...span };
    this.#since.push(hole);
    if (this.#lastOrdinal !== undefined) hole.ordinal = this.#lastOrdinal + this.#passed + this.#since.length;
    this.#onHole(hole);
  }
}
