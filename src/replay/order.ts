/**
 * The order of a request's elements, as indices into the window. Items stand in the order of the log but for one thing: a tool starts
 * while the response still streams, so that its output can be logged between two items of that response. Its place is behind them.
 */
export class ElementOrder {
  #indices = new Int32Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(position: number): number {
    return this.#indices[position]!;
  }

  insert(position: number, index: number): void {
    if (this.#length === this.#indices.length) {
      const wider = new Int32Array(this.#length * 2);
      wider.set(this.#indices);
      this.#indices = wider;
    }
    this.#indices.copyWithin(position + 1, position, this.#length);
    this.#indices[position] = index;
    this.#length++;
  }

  snapshot(): Int32Array {
    return this.#indices.slice(0, this.#length);
  }
}
