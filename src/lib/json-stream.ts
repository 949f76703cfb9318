import { isUtf8 } from "node:buffer";

const quote = 0x22;
const backslash = 0x5c;
const smallU = 0x75;
const space = 0x20;
/** Deeper nesting counts as broken: real JSON has a tenth of this. */
const deepest = 10_000;
/** The last bytes of a piece, within which a character, a pair of escapes or a number may be cut off. */
const margin = 64;
const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/u;
const escapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));

/** Bytes that end the plain part of a string: its quote, an escape, a control character, anything beyond ASCII. */
const endsPlain = new Uint8Array(256).fill(1, 0, space).fill(1, 0x80);
endsPlain[quote] = 1;
endsPlain[backslash] = 1;

/** A flaw in a string for which a strict reader refuses all of the JSON, although its structure is whole. */
export type TextFlaw = "control" | "utf8" | "surrogate";

type Expects = "value" | "value-or-end" | "key" | "key-or-end" | "colon" | "comma-or-end" | "nothing";

/**
 * Tells whether bytes that come in pieces are one JSON object, in memory that doesn't depend on how many they are. Control characters in
 * strings, bytes that are no UTF-8 and halves of surrogate pairs are reported and passed over: they can be mended in place.
 */
export class JsonStream {
  readonly #onFlaw: (flaw: TextFlaw, at: number, bytes: number) => void;
  /** For each open value, whether it is a list. */
  readonly #open: boolean[] = [];
  #expects: Expects = "value";
  #isInString = false;
  #isBroken = false;
  #taken = 0;

  /** `onFlaw`: called for each flaw, with its offset from the beginning of the stream. */
  constructor(onFlaw: (flaw: TextFlaw, at: number, bytes: number) => void) {
    this.#onFlaw = onFlaw;
  }

  /** Whether everything taken is one object, with only white space after it. */
  get isWhole(): boolean {
    return !this.#isBroken && this.#expects === "nothing";
  }

  /** Whether there was nothing but white space. */
  get isBlank(): boolean {
    return !this.#isBroken && this.#expects === "value" && this.#open.length === 0;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Returns how many of the bytes were taken; the rest has to be given again with what follows. With the last ones all are. */
  take(bytes: Buffer, isLast: boolean): number {
    const end = isLast ? bytes.length : Math.max(0, bytes.length - margin);
    let at = 0;
    while (at < end && !this.#isBroken) {
      if (this.#isInString) at = this.#string(bytes, at, end);
      else if (bytes[at]! <= space) at = this.#white(bytes, at);
      else at = this.#token(bytes, at);
    }
    this.#taken += at;
    return at;
  }

  #white(bytes: Buffer, at: number): number {
    const byte = bytes[at]!;
    this.#isBroken = byte !== space && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d;
    return at + 1;
  }

  /** What stands between strings and white space. */
  #token(bytes: Buffer, at: number): number {
    const expects = this.#expects;
    const isValue = expects === "value" || expects === "value-or-end";
    const isKey = expects === "key" || expects === "key-or-end";
    switch (bytes[at]) {
      case quote:
        this.#isBroken = !(isKey || (isValue && this.#open.length > 0));
        this.#isInString = true;
        return at + 1;
      case 0x7b:
      case 0x5b: {
        const isList = bytes[at] === 0x5b;
        this.#isBroken = !isValue || this.#open.length === deepest || (isList && this.#open.length === 0);
        this.#open.push(isList);
        this.#expects = isList ? "value-or-end" : "key-or-end";
        return at + 1;
      }
      case 0x7d:
      case 0x5d: {
        const isList = bytes[at] === 0x5d;
        const mayEnd = expects === "comma-or-end" || expects === (isList ? "value-or-end" : "key-or-end");
        this.#isBroken = !mayEnd || this.#open.pop() !== isList;
        this.#expects = this.#open.length === 0 ? "nothing" : "comma-or-end";
        return at + 1;
      }
      case 0x2c:
        this.#isBroken = expects !== "comma-or-end";
        this.#expects = this.#open.at(-1) === true ? "value" : "key";
        return at + 1;
      case 0x3a:
        this.#isBroken = expects !== "colon";
        this.#expects = "value";
        return at + 1;
      default: {
        let end = at;
        while (end < bytes.length && end - at < margin && isOfScalar(bytes[end]!)) end++;
        this.#isBroken =
          !isValue || this.#open.length === 0 || !scalar.test(bytes.toString("latin1", at, end));
        this.#expects = "comma-or-end";
        return end;
      }
    }
  }

  /** Goes on in a string, up to its end or that of the bytes. */
  #string(bytes: Buffer, start: number, end: number): number {
    let at = start;
    for (;;) {
      while (at < end && endsPlain[bytes[at]!] === 0) at++;
      if (at >= end) return at;
      const byte = bytes[at]!;
      if (byte === quote) {
        this.#isInString = false;
        const isKey = this.#expects === "key" || this.#expects === "key-or-end";
        this.#expects = isKey ? "colon" : "comma-or-end";
        return at + 1;
      }
      if (byte === backslash) at = this.#escape(bytes, at);
      else if (byte >= 0x80) at = this.#sequence(bytes, at);
      else this.#onFlaw("control", this.#taken + at++, 1);
      if (this.#isBroken) return at;
    }
  }

  #escape(bytes: Buffer, at: number): number {
    if (bytes[at + 1] !== smallU) {
      this.#isBroken = !escapes.has(bytes[at + 1] ?? 0);
      return at + 2;
    }
    const unit = unitAt(bytes, at);
    this.#isBroken = unit === undefined;
    if (unit === undefined || unit < 0xd800 || unit > 0xdfff) return at + 6;
    const low = unit < 0xdc00 && bytes[at + 6] === backslash ? unitAt(bytes, at + 6) : undefined;
    if (low !== undefined && low >= 0xdc00 && low <= 0xdfff) return at + 12;
    this.#onFlaw("surrogate", this.#taken + at, 6);
    return at + 6;
  }

  #sequence(bytes: Buffer, at: number): number {
    const byte = bytes[at]!;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    const own = bytes.subarray(at, at + length);
    if (byte >= 0xc2 && own.length === length && isUtf8(own)) return at + length;
    this.#onFlaw("utf8", this.#taken + at, 1);
    return at + 1;
  }
}

function unitAt(bytes: Buffer, at: number): number | undefined {
  const digits = bytes.toString("latin1", at + 2, at + 6);
  return bytes[at + 1] === smallU && /^[0-9a-fA-F]{4}$/u.test(digits)
    ? Number.parseInt(digits, 16)
    : undefined;
}

/** Letters, digits, signs and the dot. */
function isOfScalar(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
    ? true
    : (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}
