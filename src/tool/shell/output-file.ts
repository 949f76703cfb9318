import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { messageOf } from "../../lib/system.ts";

/**
 * The file that a command's output goes to: the first `head` bytes as they come, of the rest only the last `tail`, which are written by
 * `close` after a line that says what is missing. A disk that is full costs output and never the command: see `trouble`.
 */
export class OutputFile {
  readonly #handle: number;
  readonly #head: number;
  readonly #tail: number;
  #kept = 0;
  #late: Buffer[] = [];
  #lateBytes = 0;
  bytes = 0;
  trouble: string | undefined;

  constructor(path: string, head: number, tail: number) {
    this.#handle = openSync(path, "a", 0o600);
    this.#head = head;
    this.#tail = tail;
  }

  write(chunk: Buffer): void {
    this.bytes += chunk.length;
    const fits = this.trouble === undefined ? Math.min(chunk.length, this.#head - this.#kept) : 0;
    if (fits > 0) this.#put(chunk.subarray(0, fits));
    if (fits < chunk.length) this.#hold(chunk.subarray(fits));
  }

  /** Makes what there is durable. The answer is how many bytes are left out. */
  close(): number {
    const tail = Buffer.concat(this.#late).subarray(-this.#tail);
    const dropped = this.bytes - this.#kept - tail.length;
    if (this.trouble === undefined && tail.length > 0) {
      if (dropped > 0) this.#put(Buffer.from(`\n[… ${dropped} bytes left out …]\n`), false);
      this.#put(tail);
    }
    try {
      fsyncSync(this.#handle);
    } catch (error) {
      // Some file systems find out here that the disk is full; how the command ended is recorded all the same.
      this.trouble ??= `the output could not be made durable: ${messageOf(error)}`;
    }
    closeSync(this.#handle);
    return this.bytes - this.#kept;
  }

  #put(bytes: Buffer, counts = true): void {
    try {
      for (let at = 0; at < bytes.length;) {
        const written = writeSync(this.#handle, bytes, at);
        at += written;
        if (counts) this.#kept += written;
      }
    } catch (error) {
      this.trouble = `the output could not be written whole: ${messageOf(error)}`;
    }
  }

  #hold(chunk: Buffer): void {
    this.#late.push(Buffer.from(chunk));
    this.#lateBytes += chunk.length;
    while (this.#lateBytes - this.#late[0]!.length >= this.#tail)
      this.#lateBytes -= this.#late.shift()!.length;
  }
}
