/** A list that keeps the first of what it is given and counts the rest: a file can be damaged in any number of places. */
export class Bounded<T> {
  readonly items: T[] = [];
  readonly #most: number;
  count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(item: T): void {
    this.count++;
    if (this.items.length < this.#most) this.items.push(item);
  }
}
