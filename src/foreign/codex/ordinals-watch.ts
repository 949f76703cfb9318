import { Bounded } from "./bounded.ts";
import type { RolloutLine } from "./lines.ts";
import { type Span, spanOf } from "./span.ts";
import type { WatchedRecord } from "./watched-record.ts";

/** A line whose ordinal has to become another one. */
export interface Renumbered extends Span {
  readonly ordinal: number;
  /** The one it has; none where an older Codex wrote the line. */
  readonly had?: number;
}

const mostLines = 500_000;

/**
 * Follows the ordinals of a paginated rollout (0.148 and later). Gaps are fine. What goes back, or has none at the end, is not: from the
 * first such line on, every line is given the next one.
 */
export class OrdinalsWatch {
  #last: number | undefined;
  /** Lines without an ordinal since the last one that has one; fatal only at the end of the file. */
  #without = new Bounded<Span>(mostLines);
  readonly #renumbered = new Bounded<Renumbered>(mostLines);
  #next: number | undefined;
  regressed = 0;
  #firstRegressed: Span | undefined;

  see({ type, ordinal }: WatchedRecord, line: RolloutLine): void {
    if (type === "") return;
    if (ordinal === undefined) {
      if (this.#next !== undefined) this.#renumber(line, undefined);
      else this.#without.add(spanOf(line));
      return;
    }
    if (this.#next === undefined && this.#last !== undefined && ordinal <= this.#last) {
      this.#next = this.#last + 1;
      this.#firstRegressed = spanOf(line);
    }
    if (this.#next === undefined) {
      this.#last = ordinal;
      this.#without = new Bounded(mostLines);
    } else {
      if (this.#last !== undefined && ordinal <= this.#last) this.regressed++;
      this.#last = Math.max(this.#last ?? 0, ordinal);
      this.#renumber(line, ordinal);
    }
  }

  #renumber(line: RolloutLine, had: number | undefined): void {
    const ordinal = this.#next!;
    this.#next = ordinal + 1;
    this.#renumbered.add({ ...spanOf(line), ordinal, ...(had !== undefined && { had }) });
  }

  /** The ordinal that the next line would get. */
  get next(): number | undefined {
    return this.#next ?? (this.#last === undefined ? undefined : this.#last + 1);
  }

  get firstRegressed(): Span | undefined {
    return this.#firstRegressed;
  }

  /** The lines at the end that have none. */
  get missing(): { items: readonly Span[]; count: number } {
    return this.#without;
  }

  /** What would put them in order. */
  wanted(): readonly Renumbered[] {
    if (this.#next !== undefined) return this.#renumbered.items;
    const from = this.next ?? 0;
    return this.#without.items.map((span, at) => ({ ...span, ordinal: from + at }));
  }
}
