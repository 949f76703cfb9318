import { closeSync, openSync, readSync, rmSync } from "node:fs";
import { writeAll } from "../../../lib/write.ts";
import { type Edit, shiftOf } from "../plan/edit.ts";

const fewest = 2 ** 8;
const block = 2 ** 20;
const blanked = -1;

/**
 * The edits of one round: their places in memory, their bytes in a file. A damaged rollout may need as many edits as it has lines,
 * together as long as the file.
 */
export class PlannedEdits {
  readonly #path: string;
  #fd: number | undefined;
  /**
   * Four numbers for each edit: its place, how many bytes it replaces, where its own bytes begin in the file, and how many they are (or
   * `blanked`).
   */
  #numbers = new Float64Array(4 * fewest);
  /** Bytes that are not in the file yet, and how many there are. */
  #waiting = Buffer.allocUnsafe(fewest * 2 ** 6);
  #held = 0;
  #written = 0;
  #isSorted = true;
  count = 0;
  /** Whether an edit moves what follows it. */
  isShifting = false;

  /** `path`: of a file that doesn't exist yet. It is made only when there are many edits, and `close` removes it. */
  constructor(path: string) {
    this.#path = path;
  }

  add(edit: Edit): void {
    const { at, length, bytes } = edit;
    const nth = 4 * this.count++;
    if (nth === this.#numbers.length) {
      const numbers = new Float64Array(2 * nth);
      numbers.set(this.#numbers);
      this.#numbers = numbers;
    }
    if (nth > 0 && at < this.#numbers[nth - 4]!) this.#isSorted = false;
    if (shiftOf(edit) !== 0) this.isShifting = true;
    this.#numbers[nth] = at;
    this.#numbers[nth + 1] = length;
    this.#numbers[nth + 2] = this.#written + this.#held;
    this.#numbers[nth + 3] = bytes === "blank" ? blanked : bytes.length;
    if (bytes !== "blank") this.#hold(bytes);
  }

  /**
   * The edits by place; several at one place in the order in which they were added. The bytes are valid until the next edit is asked for.
   */
  *inOrder(): Generator<Pick<Edit, "at" | "length" | "bytes">, undefined> {
    const ranks = this.#isSorted ? undefined : this.#sorted();
    const read = new CachedReader((bytes, at) => this.#read(bytes, at), this.#written + this.#held);
    for (let rank = 0; rank < this.count; rank++) {
      const nth = 4 * (ranks?.[rank] ?? rank);
      const [at, length] = [this.#numbers[nth]!, this.#numbers[nth + 1]!];
      const [start, size] = [this.#numbers[nth + 2]!, this.#numbers[nth + 3]!];
      yield { at, length, bytes: size === blanked ? "blank" : read.bytes(start, size) };
    }
    return undefined;
  }

  close(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    rmSync(this.#path, { force: true });
    this.#fd = undefined;
  }

  #sorted(): Uint32Array {
    const numbers = this.#numbers;
    const ranks = Uint32Array.from({ length: this.count }, (_, nth) => nth);
    return ranks.sort((a, b) => numbers[4 * a]! - numbers[4 * b]! || a - b);
  }

  #hold(bytes: Buffer): void {
    if (this.#held + bytes.length > this.#waiting.length && this.#waiting.length < block) {
      const waiting = Buffer.allocUnsafe(block);
      this.#waiting.copy(waiting, 0, 0, this.#held);
      this.#waiting = waiting;
    }
    if (this.#held + bytes.length > this.#waiting.length) {
      this.#write(this.#waiting.subarray(0, this.#held));
      this.#held = 0;
    }
    if (bytes.length > this.#waiting.length) this.#write(bytes);
    else this.#held += bytes.copy(this.#waiting, this.#held);
  }

  #write(bytes: Buffer): void {
    this.#fd ??= openSync(this.#path, "wx+", 0o600);
    writeAll(this.#fd, bytes, this.#written);
    this.#written += bytes.length;
  }

  #read(bytes: Buffer, at: number): void {
    const inFile = Math.max(0, Math.min(bytes.length, this.#written - at));
    for (let done = 0; done < inFile;) {
      const read = readSync(this.#fd!, bytes, done, inFile - done, at + done);
      if (read === 0) throw new Error(`${this.#path} became shorter while it was read`);
      done += read;
    }
    const from = at + inFile - this.#written;
    if (inFile < bytes.length) this.#waiting.copy(bytes, inFile, from, from + bytes.length - inFile);
  }
}

const cached = 2 ** 16;
const mostCached = 16;

/**
 * Reads from a file with a few cached blocks: edits are written kind by kind and read place by place, so neighbours lie in several parts
 * of the file.
 */
class CachedReader {
  readonly #read: (bytes: Buffer, at: number) => void;
  readonly #end: number;
  /** Blocks by number, the most recently used last. */
  readonly #blocks = new Map<number, Buffer>();

  constructor(read: (bytes: Buffer, at: number) => void, end: number) {
    this.#read = read;
    this.#end = end;
  }

  bytes(at: number, length: number): Buffer {
    const number = Math.floor(at / cached);
    const from = at - number * cached;
    if (from + length > cached) {
      const bytes = Buffer.allocUnsafe(length);
      this.#read(bytes, at);
      return bytes;
    }
    return this.#block(number).subarray(from, from + length);
  }

  #block(number: number): Buffer {
    const known = this.#blocks.get(number);
    this.#blocks.delete(number);
    const start = number * cached;
    const bytes = known ?? Buffer.allocUnsafe(Math.min(cached, this.#end - start));
    if (known === undefined) this.#read(bytes, start);
    this.#blocks.set(number, bytes);
    if (this.#blocks.size > mostCached) this.#blocks.delete(this.#blocks.keys().next().value!);
    return bytes;
  }
}
