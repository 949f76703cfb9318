const segmentBytes = 64 * 1024;
const keptSegments = 256;

/**
 * Memory for bodies, used again and again. A body lives from its first byte to the first of its answer, which is long enough for V8 to take
 * it for old: left to the collector, 64 MB of dead bodies pile up between two collections of what is old.
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

/** A body as those see it who have to read it. */
export interface WholeBody {
  /** In a buffer of its own. */
  whole(): Buffer;
}

/** A body that is held to be sent, and sent again. After `release` it can't be read any more. */
export class HeldBody implements WholeBody {
  readonly #memory: BodyMemory;
  #segments: Buffer[] = [];
  /** Of the last segment. */
  #used = segmentBytes;
  length = 0;

  constructor(memory: BodyMemory) {
    this.#memory = memory;
  }

  add(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      if (this.#used === segmentBytes) {
        this.#segments.push(this.#memory.take());
        this.#used = 0;
      }
      const copied = bytes.copy(this.#segments.at(-1)!, this.#used, from);
      from += copied;
      this.#used += copied;
      this.length += copied;
    }
  }

  whole(): Buffer {
    return Buffer.concat(this.pieces(), this.length);
  }

  /** All of it where it lies. */
  pieces(): readonly Buffer[] {
    return this.#segments.map((segment, at) =>
      at === this.#segments.length - 1 ? segment.subarray(0, this.#used) : segment,
    );
  }

  /** `isFree`: nobody reads the pieces any more, so that other bodies may be written over them. */
  release(isFree: boolean): void {
    if (isFree) this.#memory.give(this.#segments);
    this.#segments = [];
    this.#used = segmentBytes;
  }
}
