import { type Scanner, theScanner } from "./json-scan.ts";
import { skimmedText, type SkimmedText } from "./skimmed-text.ts";
import { endsAt, escapedAt, hasSurrogates, isBeyondAscii, mostWanted, startsAt } from "./json-scan-layout.ts";

const nothing: Buffer = Buffer.from(new ArrayBuffer(0));
const quote = 0x22;
const openBrace = 0x7b;
const openBracket = 0x5b;
const minus = 0x2d;
const zero = 0x30;
const nine = 0x39;

/** A string without escapes that stays where it is, its bytes taken for Latin-1, until the next text is skimmed. */
class SkimmedBytes implements SkimmedText {
  length = 0;
  /** Where it begins in the bytes. */
  start = 0;
  readonly #scanner: Scanner;
  readonly #user: JsonSkim;
  readonly #bytes: Buffer;

  constructor(scanner: Scanner, user: JsonSkim, bytes: Buffer) {
    this.#scanner = scanner;
    this.#user = user;
    this.#bytes = bytes;
  }

  charCodeAt(at: number): number {
    return at < this.length ? this.#bytes[this.start + at]! : Number.NaN;
  }

  slice(start: number, end = this.length): string {
    return this.#bytes.toString("latin1", this.#placed(start), this.#placed(end));
  }

  #placed(at: number): number {
    return this.start + (at < 0 ? Math.max(0, this.length + at) : Math.min(this.length, at));
  }

  startsWith(beginning: string): boolean {
    const { length } = beginning;
    if (length > this.length) return false;
    for (let at = 0; at < length; at++)
      if (beginning.charCodeAt(at) !== this.#bytes[this.start + at]) return false;
    return true;
  }

  isBase64(length: number): boolean {
    return this.#scanner.isBase64(this.#user, this.#bytes, this.start, this.start + length);
  }

  isWord(): boolean {
    return this.#scanner.isWord(this.#user, this.#bytes, this.start, this.start + this.length);
  }
}

/**
 * Reads JSON without building values: tells whether bytes are a JSON object, and where a few members stand in it. Four times as fast as
 * `JSON.parse`, and it leaves no garbage. Strings are bytes here; whether they are UTF-8 isn't checked. Each one keeps some memory for
 * good: there is one for each list of members, a constant of its module, and what it found is asked for before it is used again.
 */
export class JsonSkim {
  readonly #paths: readonly string[];
  /** Asked for with the first text: it takes a few milliseconds, and most commands skim nothing. */
  #scanner: Scanner | undefined;
  #shape = 0;
  /** What to take from an offset in the scanner's memory to get one in the bytes. */
  #shift = 0;
  #answer = 0;
  /** One bit for each wanted member: whether its value was asked for before. */
  #known = 0;
  readonly #values: unknown[];
  /** For each wanted member, pointed at another text each time: a rollout has hundreds of thousands. */
  readonly #plain: (SkimmedBytes | undefined)[];
  readonly #texts: string[] = [];
  #bytes = nothing;
  #view: DataView | undefined;

  /** `paths`: the wanted members' names joined by dots. A member is referred to by its index here (its slot). */
  constructor(paths: readonly string[]) {
    if (paths.length > mostWanted) throw new Error(`more than ${mostWanted} members are wanted`);
    this.#paths = paths;
    this.#values = paths.map(() => undefined);
    this.#plain = paths.map(() => undefined);
  }

  /** Sets the bytes that are skimmed from now on, a part at a time. They mustn't change until others are set, or these are let go of. */
  over(bytes: Buffer): void {
    this.#scanner?.forget(this);
    this.#bytes = bytes;
    this.#view = undefined;
    this.#plain.fill(undefined);
  }

  /** The bytes that were set last. */
  get view(): DataView {
    return (this.#view ??= new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length));
  }

  /** Lets go of the bytes and of what was read of them: both may be large, and this stays. */
  release(): void {
    this.over(nothing);
    this.#values.fill(undefined);
  }

  /**
   * Skims the bytes from `start` to `end`. True: `JSON.parse` would accept them as an object that begins at once, and the wanted members
   * can be asked for as long as the bytes stay. False: they are not JSON, no object, or not handled here (a wanted member twice, an escape
   * in a name beside wanted ones, nesting too deep).
   */
  skim(start: number, end: number): boolean {
    const scanner = this.#scanner ?? this.#begin();
    if (scanner === undefined) return false;
    this.#known = 0;
    this.#answer = scanner.scan(this.#shape, this, this.#bytes, start, end);
    this.#shift = scanner.shift;
    return this.#answer !== 0;
  }

  #begin(): Scanner | undefined {
    const scanner = theScanner();
    this.#shape = scanner?.addShape(this.#paths) ?? 0;
    this.#scanner = scanner;
    return scanner;
  }

  /** Whether a string in the JSON skimmed last has an escape of half a surrogate pair. */
  get hasSurrogates(): boolean {
    return (this.#answer & hasSurrogates) !== 0;
  }

  /** Whether a string in the JSON skimmed last has bytes beyond ASCII, which may be no UTF-8. */
  get isBeyondAscii(): boolean {
    return (this.#answer & isBeyondAscii) !== 0;
  }

  has(slot: number): boolean {
    return this.#found(startsAt + 4 * slot) !== 0;
  }

  /** Where the member's value begins in the bytes. */
  start(slot: number): number {
    return this.#found(startsAt + 4 * slot) - this.#shift;
  }

  /** The offset after it. */
  end(slot: number): number {
    return this.#found(endsAt + 4 * slot) - this.#shift;
  }

  /** What the scan has left at `at` of the shape. */
  #found(at: number): number {
    return this.#scanner?.view.getInt32(this.#shape + at, true) ?? 0;
  }

  #isEscaped(slot: number): boolean {
    return (this.#found(escapedAt) & (1 << slot)) !== 0;
  }

  isObject(slot: number): boolean {
    return this.has(slot) && this.#bytes[this.start(slot)] === openBrace;
  }

  isList(slot: number): boolean {
    return this.has(slot) && this.#bytes[this.start(slot)] === openBracket;
  }

  isText(slot: number): boolean {
    return this.has(slot) && this.#bytes[this.start(slot)] === quote;
  }

  /**
   * The value that `JSON.parse` would give for the member, the bytes of its strings taken for Latin-1; `undefined` where it is missing.
   */
  value(slot: number): unknown {
    if (!this.has(slot)) return undefined;
    const bit = 1 << slot;
    if ((this.#known & bit) === 0) {
      this.#values[slot] = this.#valueOf(slot);
      this.#known |= bit;
    }
    return this.#values[slot];
  }

  #valueOf(slot: number): unknown {
    if (this.#isPlainText(slot))
      return this.#bytes.toString("latin1", this.start(slot) + 1, this.end(slot) - 1);
    return this.number(slot) ?? (JSON.parse(this.#slice(slot)) as unknown);
  }

  /** A string, of which parts are read, with its place in the bytes; `undefined` where it has escapes, and for anything else. */
  plain(slot: number): (SkimmedText & { readonly start: number }) | undefined {
    const scanner = this.#scanner;
    if (scanner === undefined || !this.#isPlainText(slot)) return undefined;
    const text = (this.#plain[slot] ??= new SkimmedBytes(scanner, this, this.#bytes));
    text.start = this.start(slot) + 1;
    text.length = this.end(slot) - 1 - text.start;
    return text;
  }

  /** A string, of which parts are read; `undefined` for anything else. */
  text(slot: number): SkimmedText | undefined {
    return this.plain(slot) ?? skimmedText(this.value(slot));
  }

  /** The value of a string that is always one of a few short words: the same string each time. `undefined` for anything else. */
  word(slot: number): string | undefined {
    if (!this.#isPlainText(slot)) {
      const value = this.value(slot);
      return typeof value === "string" ? value : undefined;
    }
    const start = this.start(slot) + 1;
    const length = this.end(slot) - 1 - start;
    const place = (length * 31 + this.#bytes[start]! * 7 + this.#bytes[start + (length >> 1)]!) & 0xff;
    const known = this.#texts[place];
    if (known !== undefined && this.#isAt(known, start, length)) return known;
    const word = this.#bytes.toString("latin1", start, start + length);
    if (length <= 64) this.#texts[place] = word;
    return word;
  }

  /** The value of a number; `undefined` for anything else. */
  number(slot: number): number | undefined {
    if (!this.has(slot)) return undefined;
    const start = this.start(slot);
    const end = this.end(slot);
    const first = this.#bytes[start]!;
    if (first !== minus && !(first >= zero && first <= nine)) return undefined;
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = this.#bytes[at]! - zero;
      if (digit < 0 || digit > 9 || end - start > 15)
        return Number(this.#bytes.toString("latin1", start, end));
      value = value * 10 + digit;
    }
    return value;
  }

  /** The first `length` bytes of the member's value, as Latin-1: all of a shorter one. */
  head(slot: number, length: number): string {
    const start = this.start(slot);
    return this.#bytes.toString("latin1", start, Math.min(this.end(slot), start + length));
  }

  #slice(slot: number): string {
    return this.#bytes.toString("latin1", this.start(slot), this.end(slot));
  }

  /** Whether it is a string without escapes. */
  #isPlainText(slot: number): boolean {
    return this.isText(slot) && !this.#isEscaped(slot);
  }

  #isAt(text: string, start: number, length: number): boolean {
    if (text.length !== length) return false;
    for (let at = 0; at < length; at++) if (text.charCodeAt(at) !== this.#bytes[start + at]) return false;
    return true;
  }
}
