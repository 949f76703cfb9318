/**
 * Memory for the items of one group, reused for the next: a buffer of its own for each of 100,000 items would only be work for the
 * collector.
 */
export class Room {
  readonly #memory: Buffer;
  #used = 0;

  /** `size`: bytes that are kept; what doesn't fit gets memory of its own. */
  constructor(size: number) {
    this.#memory = Buffer.allocUnsafeSlow(size);
  }

  /** Uninitialised memory, valid until the next `clear`. */
  take(bytes: number): Buffer {
    if (bytes > this.#memory.length - this.#used) return Buffer.allocUnsafe(bytes);
    this.#used += bytes;
    return this.#memory.subarray(this.#used - bytes, this.#used);
  }

  clear(): void {
    this.#used = 0;
  }
}
