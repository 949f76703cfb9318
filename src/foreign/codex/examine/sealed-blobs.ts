import { NumberRows } from "./number-rows.ts";
import type { Span } from "../rollout/bytes/lines.ts";

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
  /** Nothing of it looks like something sealed. */
  readonly isWords: boolean;
  /** Its last characters. */
  readonly tail: string;
}

/** A sealed blob without its strings, which cost more than all the rest of it. */
export type SealedSpan = Omit<SealedBlob, "id" | "tail">;

const places = ["reasoning", "compaction", "message", "within"] as const;
const malformed = 4;
const hasId = 8;
const words = 16;
/** Characters of an id that are kept at most. */
const longestId = 2 ** 10;

/**
 * Sealed blobs in the order in which they were found, in a few blocks of memory: a long rollout has tens of thousands, and as objects they
 * are what the collector spends most of its time with. The first `most` are kept and the others counted.
 */
export class SealedBlobs {
  readonly #most: number;
  /**
   * For each blob its index, offset, bytes and time (NaN: none), its place (an index of `places`) with its other flags, and where its id and
   * its tail end in `#texts`.
   */
  readonly #rows = new NumberRows(7);
  #texts = new Uint16Array(2 ** 10);
  #end = 0;
  count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(blob: SealedBlob): void {
    this.count++;
    if (this.#rows.length === this.#most) return;
    const { index, at, bytes, sealedAt, in: where, malformed: isMalformed, isWords, id, tail } = blob;
    const forms = (isMalformed ? malformed : 0) | (isWords ? words : 0);
    const flags = places.indexOf(where) | forms | (id === undefined ? 0 : hasId);
    const behindId = this.#write(id?.slice(0, longestId) ?? "");
    const row = this.#rows.add();
    this.#rows.put(row, index, at, bytes, sealedAt ?? Number.NaN, flags, behindId, this.#write(tail));
  }

  *[Symbol.iterator](): Generator<SealedBlob, undefined> {
    for (let row = 0; row < this.#rows.length; row++) yield this.#blob(row);
    return undefined;
  }

  *spans(): Generator<SealedSpan, undefined> {
    for (let row = 0; row < this.#rows.length; row++) yield this.#span(row);
    return undefined;
  }

  #span(row: number): SealedSpan {
    const rows = this.#rows;
    const [sealedAt, flags] = [rows.get(row, 3), rows.get(row, 4)];
    return {
      index: rows.get(row, 0),
      at: rows.get(row, 1),
      bytes: rows.get(row, 2),
      in: places[flags & 3]!,
      malformed: (flags & malformed) !== 0,
      isWords: (flags & words) !== 0,
      ...(!Number.isNaN(sealedAt) && { sealedAt }),
    };
  }

  #blob(row: number): SealedBlob {
    const rows = this.#rows;
    const start = row === 0 ? 0 : rows.get(row - 1, 6);
    const behindId = rows.get(row, 5);
    return {
      ...this.#span(row),
      tail: this.#text(behindId, rows.get(row, 6)),
      ...((rows.get(row, 4) & hasId) !== 0 && { id: this.#text(start, behindId) }),
    };
  }

  /** Returns where it ends. */
  #write(text: string): number {
    const end = this.#end + text.length;
    if (end > this.#texts.length) {
      const larger = new Uint16Array(2 * end);
      larger.set(this.#texts);
      this.#texts = larger;
    }
    for (let nth = 0; nth < text.length; nth++) this.#texts[this.#end + nth] = text.charCodeAt(nth);
    return (this.#end = end);
  }

  #text(start: number, end: number): string {
    return Buffer.from(this.#texts.buffer, 2 * start, 2 * (end - start)).toString("utf16le");
  }
}
