import type { Committed } from "../appender.ts";
import { newline } from "../line.ts";
import type { ByteSource, LogSource } from "../source.ts";

/** The lines of a session, in memory. */
export class MemoryLog implements ByteSource {
  readonly path: string;
  #bytes: Buffer = Buffer.alloc(4096);
  #size = 0;
  #lines = 0;

  constructor(id: string) {
    this.path = `memory:${id}`;
  }

  /** How many lines it has. All of them count here, so that this is the number that the next event gets. */
  get lines(): number {
    return this.#lines;
  }

  now(): LogSource {
    return { path: this.path, bytes: this, size: this.#size };
  }

  async read(target: Uint8Array, at: number): Promise<number> {
    return this.#bytes.copy(target, 0, at, Math.min(this.#size, at + target.length));
  }

  /** Takes whole lines. */
  add(bytes: Buffer): Committed {
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) this.#lines++;
    const offset = this.#size;
    this.#size += bytes.length;
    if (this.#size > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(this.#size, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, offset);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, offset);
    return { offset };
  }
}
