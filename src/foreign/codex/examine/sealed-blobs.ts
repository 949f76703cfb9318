import type { Span } from "../rollout/span.ts";

/** A sealed blob and the line that holds it. A line may hold several. */
export interface SealedBlob extends Span {
  /**
   * Where it is. "compaction": in a `compacted` line, where it stands for the history before it. "within": part of a message, call or
   * output that holds more than the seal.
   */
  readonly in: "reasoning" | "compaction" | "message" | "within";
  /** The item's id, where it has one. */
  readonly id?: string;
  /** Milliseconds since 1970 at which it was sealed, as the blob itself says. */
  readonly sealedAt?: number;
  /** It was cut or altered, and would only be refused. */
  readonly malformed: boolean;
  /** Its last characters. */
  readonly tail: string;
}

/** A sealed blob without its strings, which cost more than all the rest of it. */
export type SealedSpan = Omit<SealedBlob, "id" | "tail">;

const places = ["reasoning", "compaction", "message", "within"] as const;
const fewest = 2 ** 4;
const malformed = 4;
const hasId = 8;
/** Characters of an id that are kept at most. */
const longestId = 2 ** 10;

/**
 * Sealed blobs in the order in which they were found, in a few blocks of memory: a long rollout has tens of thousands, and as objects they
 * are what the collector spends most of its time with. The first `most` are kept and the others counted.
 */
export class SealedBlobs {
  readonly #most: number;
  /** Four numbers for each blob: index, offset, bytes, time (NaN: none). */
  #numbers = new Float64Array(4 * fewest);
  /** For each blob its place (an index of `places`) and its other flags. */
  #flags = new Uint8Array(fewest);
  /** For each blob, where its id and its tail end in `#texts`. */
  #ends = new Uint32Array(2 * fewest);
  #texts = new Uint16Array(2 ** 10);
  #kept = 0;
  count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add({ index, at, bytes, sealedAt, in: where, malformed: isMalformed, id, tail }: SealedBlob): void {
    this.count++;
    if (this.#kept === this.#most) return;
    const nth = this.#kept++;
    if (nth === this.#flags.length) this.#grow();
    const numbers = this.#numbers;
    numbers[4 * nth] = index;
    numbers[4 * nth + 1] = at;
    numbers[4 * nth + 2] = bytes;
    numbers[4 * nth + 3] = sealedAt ?? Number.NaN;
    this.#flags[nth] = places.indexOf(where) | (isMalformed ? malformed : 0) | (id === undefined ? 0 : hasId);
    const start = nth === 0 ? 0 : this.#ends[2 * nth - 1]!;
    const behindId = start + this.#write(id?.slice(0, longestId) ?? "", start);
    this.#ends[2 * nth] = behindId;
    this.#ends[2 * nth + 1] = behindId + this.#write(tail, behindId);
  }

  *[Symbol.iterator](): Generator<SealedBlob, undefined> {
    for (let nth = 0; nth < this.#kept; nth++) yield this.#blob(nth);
    return undefined;
  }

  *spans(): Generator<SealedSpan, undefined> {
    for (let nth = 0; nth < this.#kept; nth++) yield this.#span(nth);
    return undefined;
  }

  #span(nth: number): SealedSpan {
    const numbers = this.#numbers;
    const flags = this.#flags[nth]!;
    const sealedAt = numbers[4 * nth + 3]!;
    return {
      index: numbers[4 * nth]!,
      at: numbers[4 * nth + 1]!,
      bytes: numbers[4 * nth + 2]!,
      in: places[flags & 3]!,
      malformed: (flags & malformed) !== 0,
      ...(!Number.isNaN(sealedAt) && { sealedAt }),
    };
  }

  #blob(nth: number): SealedBlob {
    const start = nth === 0 ? 0 : this.#ends[2 * nth - 1]!;
    const [behindId, end] = [this.#ends[2 * nth]!, this.#ends[2 * nth + 1]!];
    return {
      ...this.#span(nth),
      tail: this.#text(behindId, end),
      ...((this.#flags[nth]! & hasId) !== 0 && { id: this.#text(start, behindId) }),
    };
  }

  /** Returns how many characters it took. */
  #write(text: string, at: number): number {
    if (at + text.length > this.#texts.length) {
      const larger = new Uint16Array(2 * (at + text.length));
      larger.set(this.#texts);
      this.#texts = larger;
    }
    for (let nth = 0; nth < text.length; nth++) this.#texts[at + nth] = text.charCodeAt(nth);
    return text.length;
  }

  #text(start: number, end: number): string {
    return Buffer.from(this.#texts.buffer, 2 * start, 2 * (end - start)).toString("utf16le");
  }

  #grow(): void {
    const [numbers, flags, ends] = [this.#numbers, this.#flags, this.#ends];
    this.#numbers = new Float64Array(2 * numbers.length);
    this.#numbers.set(numbers);
    this.#flags = new Uint8Array(2 * flags.length);
    this.#flags.set(flags);
    this.#ends = new Uint32Array(2 * ends.length);
    this.#ends.set(ends);
  }
}
