/**
 * The order of a request's elements, as indices into the window. Items stand in the order of the log but for one thing: a tool starts
 * while the response still streams, so that its output can be logged between two items of that response. Its place is behind them.
 */
export class ElementOrder {
  #indices = new Int32Array(64);
  #length = 0;
  /** So many are held by a snapshot, and must stay as they are in the array that it has. */
  #shared = 0;

  get length(): number {
    return this.#length;
  }

  at(position: number): number {
    return this.#indices[position]!;
  }

  insert(position: number, index: number): void {
    if (this.#length === this.#indices.length || position < this.#shared) {
      const own = new Int32Array(
        this.#length === this.#indices.length ? this.#length * 2 : this.#indices.length,
      );
      own.set(this.#indices);
      this.#indices = own;
      this.#shared = 0;
    }
    this.#indices.copyWithin(position + 1, position, this.#length);
    this.#indices[position] = index;
    this.#length++;
  }

  /** The order as it is now, unaffected by later changes; costs nothing as long as they only add to its end. */
  snapshot(): Int32Array {
    this.#shared = this.#length;
    return this.#indices.subarray(0, this.#length);
  }
}
