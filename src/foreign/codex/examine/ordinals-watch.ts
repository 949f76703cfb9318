import { NumberRows } from "./number-rows.ts";
import { SpanList } from "./span-list.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { isRebuilt } from "../rollout/record/rebuilt.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** A line that needs another ordinal. */
export interface Renumbered extends Span {
  readonly ordinal: number;
  /** The ordinal that it has; absent where an older Codex wrote the line. */
  readonly had?: number;
}

const mostLines = 500_000;

/**
 * Follows the ordinals of a paginated rollout (0.148 and later). Gaps are fine. What goes back, or has none at the end, is not: from the
 * first such line on, every line is given the next one. Lines without one in a gap that has room for them get those of the gap; what a
 * repair put in goes without, so that no line has to move for it.
 */
export class OrdinalsWatch {
  #last: number | undefined;
  /** Lines without an ordinal since the last one that has one, at the end of the file those that stand there: only these are fatal. */
  readonly missing = new SpanList(mostLines);
  /** The indexes of those of them that a repair has made. */
  readonly #rebuilt = new Set<number>();
  /** How many lines have none, though those around them leave room for theirs. */
  unnumbered = 0;
  /** For each line that gets another ordinal: its index, offset and bytes, the new ordinal, and the one it has (NaN: none). */
  readonly #renumbered = new NumberRows(5);
  /** The ordinal that the next line gets, once one went back; until then nothing is renumbered. */
  #next: number | undefined;
  /** How many lines have an ordinal that is no higher than an earlier one. */
  regressed = 0;
  /** The first line whose ordinal goes back, or that has none where there is room. */
  firstWrong: Span | undefined;

  see({ era, type, ordinal }: WatchedRecord, line: RolloutLine): void {
    // Of a line without an envelope, as other programs append it, versions that number their lines take no notice (0.169).
    if (type === "" || era === "bare") return;
    if (ordinal === undefined) {
      this.missing.add(spanOf(line));
      if (this.#last !== undefined && isRebuilt(line)) this.#rebuilt.add(line.index);
      if (this.#next !== undefined) this.#renumber(spanOf(line), this.#next++, undefined);
      return;
    }
    const last = this.#last;
    if (this.missing.count > 0) this.#fill(last, ordinal);
    if (last !== undefined && ordinal <= last) {
      this.regressed++;
      this.#next ??= last + 1;
      this.firstWrong ??= spanOf(line);
    } else this.#last = ordinal;
    if (this.#next !== undefined) this.#renumber(spanOf(line), this.#next++, ordinal);
  }

  /** The lines without an ordinal stand between those that have `last` and `next`. */
  #fill(last: number | undefined, next: number): void {
    const count = this.missing.count - this.#rebuilt.size;
    const isRoom = last !== undefined && next - last > count;
    if (isRoom && this.#next === undefined) {
      let ordinal = last;
      for (const span of this.missing) {
        if (this.#rebuilt.has(span.index)) continue;
        this.firstWrong ??= span;
        this.#renumber(span, ++ordinal, undefined);
      }
      this.unnumbered += count;
    }
    this.missing.clear();
    this.#rebuilt.clear();
  }

  #renumber({ index, at, bytes }: Span, ordinal: number, had: number | undefined): void {
    if (this.#renumbered.length === mostLines) return;
    this.#renumbered.put(this.#renumbered.add(), index, at, bytes, ordinal, had ?? Number.NaN);
  }

  /** The ordinal that the next line would get. */
  get next(): number | undefined {
    return this.#next ?? (this.#last === undefined ? undefined : this.#last + 1);
  }

  /** The lines that need another ordinal, in order. `first`: that of the first line, where no line has one. */
  *wanted(first = 0): Generator<Renumbered, undefined> {
    const rows = this.#renumbered;
    for (let row = 0; row < rows.length; row++) {
      const had = rows.get(row, 4);
      yield {
        index: rows.get(row, 0),
        at: rows.get(row, 1),
        bytes: rows.get(row, 2),
        ordinal: rows.get(row, 3),
        ...(!Number.isNaN(had) && { had }),
      };
    }
    if (this.#next !== undefined) return undefined;
    let ordinal = this.next ?? first;
    for (const span of this.missing) yield { ...span, ordinal: ordinal++ };
    return undefined;
  }
}
