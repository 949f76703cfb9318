/** Bytes of one piece of the memory that is used again and again (`BodyMemory`). */
export const segmentBytes = 64 * 1024;
const keptSegments = 256;

/**
 * Memory for what is gathered from small pieces (bodies, runs of events, their frames), used again and again: left to the collector, 64 MB
 * of it pile up between two collections of what is old.
 */
export class BodyMemory {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(segmentBytes);
  }

  give(segments: readonly Buffer[]): void {
    for (const segment of segments) if (this.#free.length < keptSegments) this.#free.push(segment);
  }
}

/** A body for those who have to read it. */
export interface WholeBody {
  /** In a buffer of its own. */
  whole(): Buffer;
}

/** Smaller pieces are copied, or each would cost more than it holds. */
const leastKept = 4 * 1024;

/** A body that is held to be sent, and sent again. After `release` it can't be read any more. */
export class HeldBody implements WholeBody {
  readonly #memory: BodyMemory;
  /** Pieces of the shared memory, which are to be given back. */
  #segments: Buffer[] = [];
  #pieces: Buffer[] = [];
  /** Those pieces that weren't copied. */
  #kept: Buffer[] = [];
  /** The segment that small pieces are copied into, and how much of it is used. */
  #open: Buffer | undefined;
  #used = 0;
  length = 0;

  constructor(memory: BodyMemory) {
    this.#memory = memory;
  }

  /** The bytes are the body's from now on: it keeps them where they are, or copies them and frees their memory at once. */
  add(bytes: Buffer): void {
    this.length += bytes.length;
    if (bytes.length >= leastKept) {
      this.#close();
      this.#pieces.push(bytes);
      this.#kept.push(bytes);
      return;
    }
    for (let from = 0; from < bytes.length;) {
      this.#open ??= this.#taken();
      const copied = bytes.copy(this.#open, this.#used, from);
      from += copied;
      this.#used += copied;
      if (this.#used === segmentBytes) this.#close();
    }
    free(bytes);
  }

  whole(): Buffer {
    return Buffer.concat(this.pieces(), this.length);
  }

  /** The whole body in pieces, without a copy. */
  pieces(): readonly Buffer[] {
    return this.#open ? [...this.#pieces, this.#open.subarray(0, this.#used)] : this.#pieces;
  }

  /** `isFree`: nobody reads the pieces any more, so that other bodies may be written over them, or their memory given back. */
  release(isFree: boolean): void {
    if (isFree) {
      this.#memory.give(this.#segments);
      for (const piece of this.#kept) free(piece);
    }
    this.#segments = [];
    this.#kept = [];
    this.#pieces = [];
    this.#open = undefined;
    this.#used = 0;
  }

  #taken(): Buffer {
    const segment = this.#memory.take();
    this.#segments.push(segment);
    return segment;
  }

  #close(): void {
    if (!this.#open) return;
    this.#pieces.push(this.#open.subarray(0, this.#used));
    this.#open = undefined;
    this.#used = 0;
  }
}

/**
 * Gives memory that nobody reads any more back at once: pieces of bodies are most of what a gateway allocates, and would lie about until V8
 * collects. What lies in one buffer with others stays.
 */
function free({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}
