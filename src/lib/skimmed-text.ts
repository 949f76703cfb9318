import { isBase64 } from "./base64.ts";

/** A text of which parts are read: a string, or bytes of which none is made (`JsonSkim.text`). */
export interface SkimmedText {
  readonly length: number;
  /** As a string's: `NaN` behind its end. */
  charCodeAt(at: number): number;
  /** As a string's: negative offsets count from the end. */
  slice(start: number, end?: number): string;
  startsWith(beginning: string): boolean;
  /** Whether the first so many characters are nothing but base64 or base64url. */
  isBase64(length: number): boolean;
  /** Whether it is nothing but ASCII letters, digits, `_` and `-`. */
  isWord(): boolean;
}

const word = /^[\w-]*$/u;

class SkimmedString implements SkimmedText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get length(): number {
    return this.#text.length;
  }

  charCodeAt(at: number): number {
    return this.#text.charCodeAt(at);
  }

  slice(start: number, end?: number): string {
    return this.#text.slice(start, end);
  }

  startsWith(beginning: string): boolean {
    return this.#text.startsWith(beginning);
  }

  isBase64(length: number): boolean {
    return isBase64(this.#text.slice(0, length));
  }

  isWord(): boolean {
    return word.test(this.#text);
  }
}

/** A string as a `SkimmedText`; `undefined` for anything else. */
export function skimmedText(value: unknown): SkimmedText | undefined {
  return typeof value === "string" ? new SkimmedString(value) : undefined;
}
