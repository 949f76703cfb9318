/** Ranks within a run: what the model made, then the outputs of its calls, then outputs that are told in words. */
const ranks = 3;

/**
 * The order of a request's elements, as indices into the window. Items stand in the order of the log but for one thing: an output stands
 * with the response whose call it answers, whenever it came. A tool starts while the response still streams, so that its output can be
 * logged between two items of that response, and may end after the next prompt. So the order consists of runs, a response with its outputs or an
 * item by itself, and each element comes to its place in constant time, however many there are.
 */
export class ElementOrder {
  /** Index of the element after each; -1 after the last. */
  #next = new Int32Array(64);
  /** Index of the first element of each one's run. */
  #run = new Int32Array(64);
  /** For the first element of each run, the last element of each rank; where a rank has none, the one before it. */
  #ends = new Int32Array(64 * ranks);
  #first = -1;
  #last = -1;
  #length = 0;
  #list: Int32Array | undefined;

  /** The first of the run that ends the order; -1 before there is any. */
  get lastRun(): number {
    return this.#run[this.#last] ?? -1;
  }

  /** Puts an item after everything, as the first of a run. */
  begin(index: number): void {
    this.#reserve(index + 1);
    if (this.#last < 0) this.#first = index;
    else this.#next[this.#last] = index;
    this.#next[index] = -1;
    this.#run[index] = index;
    this.#ends.fill(index, ranks * index, ranks * (index + 1));
    this.#last = index;
    this.#length++;
    this.#list = undefined;
  }

  /** Puts an item with the other items of the last run, before its outputs. */
  join(index: number): void {
    this.#put(index, this.lastRun, 0);
  }

  /**
   * Puts an output after its call's step and the outputs there already; one told in words, as a message of the user's, after all of
   * those.
   */
  answer(index: number, call: number, isTold: boolean): void {
    this.#put(index, this.#run[call]!, isTold ? 2 : 1);
  }

  #put(index: number, run: number, rank: number): void {
    this.#reserve(index + 1);
    const before = this.#ends[ranks * run + rank]!;
    this.#next[index] = this.#next[before]!;
    this.#next[before] = index;
    this.#run[index] = run;
    for (let at = rank; at < ranks && this.#ends[ranks * run + at] === before; at++)
      this.#ends[ranks * run + at] = index;
    if (this.#last === before) this.#last = index;
    this.#length++;
    this.#list = undefined;
  }

  /** The order as it is now, unaffected by later changes. */
  list(): Int32Array {
    if (this.#list) return this.#list;
    const list = new Int32Array(this.#length);
    for (let at = 0, index = this.#first; index >= 0; index = this.#next[index]!) list[at++] = index;
    return (this.#list = list);
  }

  #reserve(count: number): void {
    if (count <= this.#next.length) return;
    const size = Math.max(count, this.#next.length * 2);
    const grown = (column: Int32Array, length: number): Int32Array<ArrayBuffer> => {
      const larger = new Int32Array(length);
      larger.set(column);
      return larger;
    };
    this.#next = grown(this.#next, size);
    this.#run = grown(this.#run, size);
    this.#ends = grown(this.#ends, size * ranks);
  }
}
