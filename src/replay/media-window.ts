import type { ItemFacts } from "../session/facts.ts";
import type { MediaLimits } from "./contract.ts";

/** The items whose images and files are sent: the latest, as many as the wire has room for. */
export class MediaWindow {
  readonly #limits: MediaLimits;
  readonly #items: { readonly index: number; readonly media: NonNullable<ItemFacts["media"]> }[] = [];
  #first = 0;
  #count = 0;
  #total = 0;

  constructor(limits: MediaLimits) {
    this.#limits = limits;
  }

  /** Takes an item with media; gives those for which there is no room any more, itself perhaps included. */
  take(index: number, media: NonNullable<ItemFacts["media"]>): number[] {
    const { maxParts = Number.POSITIVE_INFINITY, maxTotalBytes = Number.POSITIVE_INFINITY } = this.#limits;
    this.#items.push({ index, media });
    this.#count += media.count;
    this.#total += media.total;
    const left: number[] = [];
    while (this.#count > maxParts || this.#total > maxTotalBytes) {
      const oldest = this.#items[this.#first++]!;
      this.#count -= oldest.media.count;
      this.#total -= oldest.media.total;
      left.push(oldest.index);
    }
    return left;
  }
}
