const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export const byteLength = (text: string): number => encoder.encode(text).length;

/** About how long the note is that stands for what was left out. */
const noteBytes = 64;

/**
 * A long text as its head and its tail, about `keep` bytes in all as a request has them (UTF-8, escaped as JSON), with the number of bytes
 * left out between them. A text that isn't longer, or would not get shorter, stays as it is.
 */
export function shorten(text: string, keep: number): string {
  if (prefix(text, keep + noteBytes) === text.length) return text;
  // The end of an output says more than its beginning.
  const head = text.slice(0, prefix(text, Math.ceil(keep / 3))).toWellFormed();
  const tail = text.slice(suffix(text, Math.floor((keep * 2) / 3))).toWellFormed();
  const left = byteLength(text) - byteLength(head) - byteLength(tail);
  return `${head}\n[… ${left.toLocaleString("en-US")} bytes left out here …]\n${tail}`;
}

/** How many characters from the start on take at most `bytes`. */
function prefix(text: string, bytes: number): number {
  let left = bytes;
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at)!;
    left -= jsonBytes(code);
    if (left < 0) return at;
    at += code > 0xffff ? 2 : 1;
  }
  return text.length;
}

/** From which character on the end of a text takes at most `bytes`. */
function suffix(text: string, bytes: number): number {
  let left = bytes;
  let at = text.length;
  while (at > 0) {
    const isPair = at > 1 && text.codePointAt(at - 2)! > 0xffff;
    const before = at - (isPair ? 2 : 1);
    left -= jsonBytes(text.codePointAt(before)!);
    if (left < 0) return at;
    at = before;
  }
  return 0;
}

const shortEscapes: ReadonlySet<number> = new Set(
  [...'"\\\b\f\n\r\t'].map((character) => character.charCodeAt(0)),
);

/** Bytes of a character within a JSON string. */
function jsonBytes(code: number): number {
  if (shortEscapes.has(code)) return 2;
  if (code < 0x20) return 6;
  if (code < 0x80) return 1;
  return code < 0x800 ? 2 : code > 0xffff ? 4 : 3;
}
