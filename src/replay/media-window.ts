import type { ItemFacts } from "../session/facts.ts";
import type { MediaLimits } from "./contract.ts";

/** What stays of a full window. */
const kept = 0.75;

/**
 * The items whose images and files are sent: the latest, as many as the wire has room for. Where there is none any more a quarter is made
 * free at once: each change of what was sent before costs the provider's cache all that follows it.
 */
export class MediaWindow {
  readonly #maxParts: number;
  readonly #maxBytes: number;
  readonly #items: { readonly index: number; readonly media: NonNullable<ItemFacts["media"]> }[] = [];
  #first = 0;
  #count = 0;
  #total = 0;

  constructor({ maxParts = Infinity, maxTotalBytes = Infinity }: MediaLimits) {
    this.#maxParts = maxParts;
    this.#maxBytes = maxTotalBytes;
  }

  /** Takes an item with media; gives those for which there is no room any more, itself perhaps included. */
  take(index: number, media: NonNullable<ItemFacts["media"]>): number[] {
    this.#items.push({ index, media });
    this.#count += media.count;
    this.#total += media.total;
    if (!this.#isBeyond(1)) return [];
    const left: number[] = [];
    const newest = this.#items.length - 1;
    while (this.#isBeyond(this.#first < newest ? kept : 1)) {
      const oldest = this.#items[this.#first++]!;
      this.#count -= oldest.media.count;
      this.#total -= oldest.media.total;
      left.push(oldest.index);
    }
    return left;
  }

  #isBeyond(part: number): boolean {
    return this.#count > Math.ceil(this.#maxParts * part) || this.#total > this.#maxBytes * part;
  }
}
