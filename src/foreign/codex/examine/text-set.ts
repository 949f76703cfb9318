const fewest = 2 ** 7;
const mostBytes = 64_000_000;
/** Longer texts are refused: no id is so long. */
const longest = 1_000_000;

/**
 * Texts that were seen, in a few blocks of memory: a `Set` of hundreds of thousands of strings takes several times the memory, and the
 * collector's time to carry it along.
 */
export class TextSet {
  readonly #most: number;
  /**
   * Hash table with linear probing: at each place a text's hash and its number, from 1 on; 0 is free. It has at least twice as many places
   * as there are texts.
   */
  #table = new Int32Array(2 * 2 * fewest);
  /** For each text, where it ends in `#texts`. */
  #ends = new Int32Array(fewest);
  #marks = new Uint8Array(fewest);
  #texts = Buffer.allocUnsafeSlow(16 * fewest);
  #view = new DataView(this.#texts.buffer);
  #count = 0;
  /** Numbers of the texts with characters outside of Latin-1, and those texts by number. */
  readonly #wide = new Map<string, number>();
  readonly #wideTexts = new Map<number, string>();
  #lastText = "";
  #lastNumber = 0;
  /** Whether a text was refused, as too long or after the set was full. */
  hasRefused = false;

  /** `most`: after so many texts, or 64 MB of them, no more are noted. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether the text with this number has the mark (a bit of a byte) already; if not, it has it from now on. */
  mark(number: number, mark: number): boolean {
    if (number === 0) return false;
    const marks = this.#marks[number - 1]!;
    this.#marks[number - 1] = marks | mark;
    return (marks & mark) !== 0;
  }

  /** The number of a text, from 1 on, which it has from now on; 0 where nothing more is noted. */
  numberOf(text: string): number {
    // The same text is mostly asked for several times in a row.
    if (this.#lastNumber > 0 && text === this.#lastText) return this.#lastNumber;
    this.#lastText = text;
    this.#lastNumber = this.#numberOf(text);
    return this.#lastNumber;
  }

  textOf(number: number): string {
    return (
      this.#wideTexts.get(number) ??
      this.#texts.toString("latin1", this.#endOf(number - 1), this.#endOf(number))
    );
  }

  /** As `numberOf`, for one-byte characters in memory, of which no string is made. */
  numberAt(memory: DataView, start: number, length: number): number {
    if (length > longest) return this.#refuse();
    return this.#numberBehind(memory, start, this.#makeRoom(length), length);
  }

  #numberOf(text: string): number {
    const { length } = text;
    if (length > longest) return this.#refuse();
    const to = this.#makeRoom(length);
    let all = 0;
    // In a loop: for some tens of characters that takes a third of the time of `write`.
    for (let at = 0; at < length; at++) {
      const character = text.charCodeAt(at);
      all |= character;
      this.#texts[to + at] = character;
    }
    return all > 0xff ? this.#wideNumberOf(text) : this.#numberBehind(this.#view, to, to, length);
  }

  /** The number of the text at `start` in memory, which is copied to `to`, where there is room for it after the noted ones. */
  #numberBehind(memory: DataView, start: number, to: number, length: number): number {
    const hash = this.#copy(memory, start, to, length);
    const table = this.#table;
    const last = table.length - 1;
    let at = placeOf(hash, last);
    for (let number = table[at + 1]!; number > 0; number = table[at + 1]!) {
      if (table[at] === hash && this.#isAlike(number, to, length)) return number;
      at = (at + 2) & last;
    }
    if (!this.#isRoom(length)) return this.#refuse();
    table[at] = hash;
    table[at + 1] = this.#count + 1;
    return this.#keep(length);
  }

  #wideNumberOf(text: string): number {
    const known = this.#wide.get(text);
    if (known !== undefined) return known;
    if (!this.#isRoom(0)) return this.#refuse();
    const number = this.#keep(0);
    this.#wide.set(text, number);
    this.#wideTexts.set(number, text);
    return number;
  }

  /** Makes room for a text after the noted ones; returns where it may be written. */
  #makeRoom(length: number): number {
    const start = this.#endOf(this.#count);
    if (start + length > this.#texts.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (start + length));
      this.#texts.copy(larger, 0, 0, start);
      this.#texts = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }

  /** Copies a text and returns its hash: multiplied and rotated, four characters at a time, from a random start. */
  #copy(memory: DataView, start: number, to: number, length: number): number {
    const view = this.#view;
    let hash = seed ^ length;
    let at = 0;
    for (; at + 4 <= length; at += 4) {
      const characters = memory.getInt32(start + at);
      view.setInt32(to + at, characters);
      hash = Math.imul(hash ^ Math.imul(characters, 0x2c1b3c6d), 0x01000193);
      hash = (hash << 13) | (hash >>> 19);
    }
    for (; at < length; at++) {
      const character = memory.getUint8(start + at);
      view.setUint8(to + at, character);
      hash = Math.imul(hash ^ character, 0x01000193);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x297a2d39);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return hash ^ (hash >>> 13);
  }

  /** Whether a noted text equals the one that was just written after them. */
  #isAlike(number: number, behind: number, length: number): boolean {
    const view = this.#view;
    const start = this.#endOf(number - 1);
    if (this.#endOf(number) - start !== length) return false;
    let at = 0;
    for (; at + 4 <= length; at += 4)
      if (view.getInt32(start + at) !== view.getInt32(behind + at)) return false;
    for (; at < length; at++) if (view.getUint8(start + at) !== view.getUint8(behind + at)) return false;
    return true;
  }

  #endOf(number: number): number {
    return number === 0 ? 0 : this.#ends[number - 1]!;
  }

  #refuse(): number {
    this.hasRefused = true;
    return 0;
  }

  #isRoom(length: number): boolean {
    return this.#count < this.#most && this.#endOf(this.#count) + length <= mostBytes;
  }

  /** Adds the text that was just written to the noted ones; returns its number. */
  #keep(length: number): number {
    this.#ends[this.#count] = this.#endOf(this.#count) + length;
    const number = ++this.#count;
    if (number === this.#ends.length) this.#grow();
    return number;
  }

  #grow(): void {
    const ends = new Int32Array(2 * this.#ends.length);
    ends.set(this.#ends);
    this.#ends = ends;
    const marks = new Uint8Array(2 * this.#marks.length);
    marks.set(this.#marks);
    this.#marks = marks;
    const before = this.#table;
    const table = new Int32Array(2 * before.length);
    const last = table.length - 1;
    for (let from = 0; from < before.length; from += 2) {
      const number = before[from + 1]!;
      if (number === 0) continue;
      const hash = before[from]!;
      let at = placeOf(hash, last);
      while (table[at + 1] !== 0) at = (at + 2) & last;
      table[at] = hash;
      table[at + 1] = number;
    }
    this.#table = table;
  }
}

/** Where a text with this hash stands in a table with this last index, or some places behind. */
const placeOf = (hash: number, last: number): number => (hash << 1) & last;

const seed = Math.floor(Math.random() * 2 ** 32);
