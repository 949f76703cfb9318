import { isSpace } from "./white-space.ts";

const [quote, backslash, comma, newline, openBrace, openBracket] = [0x22, 0x5c, 0x2c, 0x0a, 0x7b, 0x5b];
const [closeBrace, closeBracket] = [0x7d, 0x5d];
/** What may stand behind a string. */
const afterString: ReadonlySet<number> = new Set([comma, 0x3a, closeBrace, closeBracket]);

/**
 * Writes the JSON values of a text one to a line, without the white space within them; of a list, its elements. The text may come in any
 * pieces, and is not held.
 */
export class ValuesInLines {
  #depth = 0;
  #isString = false;
  #isEscaped = false;
  /** Whether a string has ended, and nothing has come behind it yet. */
  #isClosed = false;
  #isInLine = false;
  #isBegun = false;

  /** The lines of one more piece. */
  take(piece: Buffer): Buffer {
    const lines = Buffer.allocUnsafe(2 * piece.length + 1);
    let length = 0;
    for (let at = this.#begin(piece); at < piece.length; at++) {
      const byte = piece[at]!;
      // A JSON string has no line break: a torn one ends here, or the inside and outside of all later strings would be swapped.
      if (this.#isString && byte === newline) [this.#isString, this.#isEscaped] = [false, false];
      if (this.#isString) {
        lines[length++] = byte;
        this.#isString = this.#isEscaped || byte !== quote;
        this.#isClosed = !this.#isString;
        this.#isEscaped = !this.#isEscaped && byte === backslash;
        continue;
      }
      const isBetween =
        this.#depth === 0 && (byte === comma || byte === openBracket || byte === closeBracket);
      if (isSpace(byte) || byte === newline || isBetween) {
        if (this.#depth === 0 && this.#isInLine) lines[length++] = newline;
        if (this.#depth === 0) this.#isInLine = false;
        continue;
      }
      if (this.#isClosed) {
        this.#isClosed = false;
        // Before it a string was torn: what was taken for its end is where another one begins.
        if (!afterString.has(byte)) {
          lines[length++] = byte;
          [this.#isString, this.#isEscaped] = [true, byte === backslash];
          continue;
        }
      }
      if (this.#depth === 0 && byte === openBrace && this.#isInLine) lines[length++] = newline;
      lines[length++] = byte;
      this.#isInLine = true;
      if (byte === quote && this.#depth > 0) this.#isString = true;
      else if (byte === openBrace || byte === openBracket) this.#depth++;
      else if (this.#depth > 0 && (byte === closeBrace || byte === closeBracket) && --this.#depth === 0) {
        lines[length++] = newline;
        this.#isInLine = false;
      }
    }
    return lines.subarray(0, length);
  }

  /** The offset after a byte order mark. */
  #begin(piece: Buffer): number {
    if (this.#isBegun || piece.length === 0) return 0;
    this.#isBegun = true;
    return piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf ? 3 : 0;
  }
}
