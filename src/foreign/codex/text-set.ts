const fewest = 2 ** 12;
const mostBytes = 2 ** 26;

/**
 * Texts that were seen, in a few blocks of memory: a `Set` of hundreds of thousands of strings takes several times the memory, and the
 * collector's time to carry it along.
 */
export class TextSet {
  readonly #most: number;
  /** Numbers of texts, from 1 on, at the place that their hash gives them or behind it; 0 is free. Twice as many as there are texts. */
  #table = new Int32Array(2 * fewest);
  /** Of each text its hash, and where it ends in `#texts`. */
  #hashes = new Int32Array(fewest);
  #ends = new Int32Array(fewest);
  #marks = new Uint8Array(fewest);
  #texts = Buffer.allocUnsafeSlow(16 * fewest);
  #count = 0;
  /** Numbers of those with characters that are not in Latin-1, and the other way round. */
  readonly #wide = new Map<string, number>();
  readonly #wideTexts = new Map<number, string>();
  #lastText = "";
  #lastNumber = 0;

  /** `most`: behind so many, or 64 MiB of them, nothing more is noted. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether it was there before with this mark (a bit of a byte); if not, it is from now on. */
  note(text: string, mark = 1): boolean {
    const number = this.numberOf(text);
    if (number === 0) return false;
    const marks = this.#marks[number - 1]!;
    this.#marks[number - 1] = marks | mark;
    return (marks & mark) !== 0;
  }

  /** The number of a text, from 1 on, which it has from now on; 0 where nothing more is noted. */
  numberOf(text: string): number {
    // The same one is mostly asked for more than once.
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

  #numberOf(text: string): number {
    const hash = hashOf(text);
    if (hash === undefined) return this.#wideNumberOf(text);
    const last = this.#table.length - 1;
    let at = hash & last;
    for (let number = this.#table[at]!; number > 0; number = this.#table[at]!) {
      if (this.#hashes[number - 1] === hash && this.#isText(number, text)) return number;
      at = (at + 1) & last;
    }
    if (!this.#append(hash, text)) return 0;
    this.#table[at] = this.#count;
    const number = this.#count;
    if (number === this.#hashes.length) this.#grow();
    return number;
  }

  #wideNumberOf(text: string): number {
    const known = this.#wide.get(text);
    if (known !== undefined) return known;
    if (!this.#append(0, "")) return 0;
    const number = this.#count;
    if (number === this.#hashes.length) this.#grow();
    this.#wide.set(text, number);
    this.#wideTexts.set(number, text);
    return number;
  }

  #isText(number: number, text: string): boolean {
    const start = this.#endOf(number - 1);
    if (this.#endOf(number) - start !== text.length) return false;
    for (let at = 0; at < text.length; at++)
      if (this.#texts[start + at] !== text.charCodeAt(at)) return false;
    return true;
  }

  #endOf(number: number): number {
    return number === 0 ? 0 : this.#ends[number - 1]!;
  }

  #append(hash: number, text: string): boolean {
    const start = this.#endOf(this.#count);
    const end = start + text.length;
    if (end > mostBytes || this.#count >= this.#most) return false;
    if (end > this.#texts.length) {
      const larger = Buffer.allocUnsafeSlow(2 * end);
      this.#texts.copy(larger, 0, 0, start);
      this.#texts = larger;
    }
    this.#texts.write(text, start, "latin1");
    this.#hashes[this.#count] = hash;
    this.#ends[this.#count] = end;
    this.#count++;
    return true;
  }

  #grow(): void {
    const [hashes, ends] = [this.#hashes, this.#ends];
    this.#hashes = new Int32Array(2 * hashes.length);
    this.#hashes.set(hashes);
    this.#ends = new Int32Array(2 * ends.length);
    this.#ends.set(ends);
    const marks = new Uint8Array(2 * this.#marks.length);
    marks.set(this.#marks);
    this.#marks = marks;
    const table = new Int32Array(2 * this.#table.length);
    for (let number = 1; number <= this.#count; number++) {
      let at = hashes[number - 1]! & (table.length - 1);
      while (table[at] !== 0) at = (at + 1) & (table.length - 1);
      table[at] = number;
    }
    this.#table = table;
  }
}

const seed = Math.floor(Math.random() * 2 ** 32);

/** FNV-1a over the characters, from a start that nobody knows, stirred at the end; `undefined` where one is not in Latin-1. */
function hashOf(text: string): number | undefined {
  let hash = seed | 0;
  let all = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    all |= character;
    hash = Math.imul(hash ^ character, 0x01000193);
  }
  if (all > 0xff) return undefined;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
