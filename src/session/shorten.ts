const encoder = new TextEncoder();

/** Bytes of a text in UTF-8. */
export const byteLength = (text: string): number => encoder.encode(text).length;

/**
 * A long text as its head and its tail, about `keep` characters in all, with the number of bytes left out between them. A text that isn't
 * longer, or would not get shorter, stays as it is.
 */
export function shorten(text: string, keep: number): string {
  if (text.length <= keep + 64) return text;
  // The end of an output says more than its beginning.
  const head = text.slice(0, Math.ceil(keep / 3)).toWellFormed();
  const tail = text.slice(text.length - Math.floor((keep * 2) / 3)).toWellFormed();
  const left = byteLength(text) - byteLength(head) - byteLength(tail);
  return `${head}\n[… ${left.toLocaleString("en-US")} bytes left out here …]\n${tail}`;
}
