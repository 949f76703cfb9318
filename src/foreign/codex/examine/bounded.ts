/** Adds to a list of which only the last `most` are kept. */
export function addLast<T>(list: T[], item: T, most: number): void {
  if (list.push(item) > most) list.shift();
}

/** The first of what was found, and how much there is. */
export interface Counted<T> {
  readonly items: readonly T[];
  readonly count: number;
}

/** A list that keeps the first of what it is given and counts the rest: a file can be damaged in any number of places. */
export class Bounded<T> implements Counted<T> {
  readonly #most: number;
  #items: T[] = [];
  count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  add(item: T): void {
    this.count++;
    if (this.#items.length < this.#most) this.#items.push(item);
  }

  /** Keeps only those of its items that are wanted still; the others aren't counted any more. */
  keep(isWanted: (item: T) => boolean): void {
    this.#items = this.#items.filter(isWanted);
    this.count = this.#items.length;
  }

  clear(): void {
    this.#items = [];
    this.count = 0;
  }
}
