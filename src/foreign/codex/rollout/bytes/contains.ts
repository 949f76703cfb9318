import { isCompressed, unpacked } from "./compressed.ts";
import { encoded, encodingOf } from "./encoding.ts";
import { piecesOf } from "../../../../lib/file-bytes.ts";

/**
 * Whether a rollout, unpacked where it is compressed, holds any of these texts (ASCII), in whatever encoding it is. Plain bytes are looked
 * through at the rate of memory.
 */
export async function containsAny(path: string, texts: readonly string[]): Promise<boolean> {
  if (texts.length === 0) return false;
  let wanted: Buffer[] | undefined;
  let longest = 0;
  let kept = Buffer.alloc(0);
  for await (const piece of isCompressed(path) ? unpacked(path) : piecesOf(path)) {
    if (!wanted) {
      const encoding = encodingOf(piece);
      wanted = texts.map((text) => encoded(text, encoding));
      longest = Math.max(...wanted.map(({ length }) => length));
    }
    const bytes = Buffer.concat([kept, piece]);
    if (wanted.some((text) => bytes.includes(text))) return true;
    // The end of a piece is kept for the next look: a text may begin in it.
    kept = bytes.subarray(-longest);
  }
  return false;
}
