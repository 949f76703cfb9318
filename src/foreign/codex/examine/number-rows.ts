const rowsOfChunk = 2 ** 8;

/** A growing table of numbers, in typed arrays: hundreds of thousands of rows as objects take several times the memory. */
export class NumberRows {
  readonly #width: number;
  readonly #chunks: Float64Array[] = [];
  length = 0;

  /** `width`: numbers of a row. */
  constructor(width: number) {
    this.#width = width;
  }

  /** Adds a row of zeros and returns its index. */
  add(): number {
    const row = this.length++;
    this.#chunks[Math.floor(row / rowsOfChunk)] ??= new Float64Array(rowsOfChunk * this.#width);
    return row;
  }

  put(row: number, ...numbers: readonly number[]): void {
    for (let column = 0; column < this.#width; column++) this.set(row, column, numbers[column]!);
  }

  get(row: number, column: number): number {
    return this.#chunks[Math.floor(row / rowsOfChunk)]![(row % rowsOfChunk) * this.#width + column]!;
  }

  set(row: number, column: number, value: number): void {
    this.#chunks[Math.floor(row / rowsOfChunk)]![(row % rowsOfChunk) * this.#width + column] = value;
  }

  copy(from: number, to: number): void {
    for (let column = 0; column < this.#width; column++) this.set(to, column, this.get(from, column));
  }

  /** Keeps only the first `length` rows. */
  cut(length: number): void {
    this.length = length;
    // One chunk always stays: it would be made again at once.
    this.#chunks.length = Math.max(Math.min(1, this.#chunks.length), Math.ceil(length / rowsOfChunk));
  }
}
