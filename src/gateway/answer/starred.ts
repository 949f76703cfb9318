import { isSecret } from "../../lib/secret.ts";

/**
 * An upstream's bytes with stars in the place of the gateway's own key, which no client is to see: as many, so that lengths stay. Changes the
 * bytes where they are.
 */
export function starred(bytes: Buffer, key: string | undefined): Buffer {
  if (!isSecret(key)) return bytes;
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + key.length))
    bytes.fill("*", at, at + key.length);
  return bytes;
}

/** The same of headers. */
export function starredHeaders<Value extends string | string[]>(
  headers: Readonly<Record<string, Value>>,
  key: string | undefined,
): Record<string, Value> {
  if (!isSecret(key)) return headers;
  const text = JSON.stringify(headers);
  const stars = "*".repeat(key.length);
  return text.includes(key) ? (JSON.parse(text.replaceAll(key, stars)) as Record<string, Value>) : headers;
}

/** Bytes that no text has, in any of its usual encodings. */
const neverInText = /[\0-\x08\x0e-\x1a\x1c-\x1f]/u;

/** Whether bytes are a text, in which a key would be seen, and nothing that is packed (once more). */
export const isText = (bytes: Buffer): boolean => !neverInText.test(bytes.toString("latin1"));

/** The same of bytes that come in pieces, of which one may end within the key: what may be its beginning waits for the next. */
export class StarredPieces {
  readonly #key: string | undefined;
  #held: Buffer | undefined;

  constructor(key: string | undefined) {
    this.#key = isSecret(key) ? key : undefined;
  }

  /** What can go out. Changes the piece where it is. */
  take(piece: Buffer): Buffer {
    const key = this.#key;
    if (key === undefined) return piece;
    const bytes = starred(this.#held ? Buffer.concat([this.#held, piece]) : piece, key);
    let begun = Math.min(key.length - 1, bytes.length);
    while (begun > 0 && bytes.toString("latin1", bytes.length - begun) !== key.slice(0, begun)) begun--;
    const end = bytes.length - begun;
    // A copy, since the piece's memory is the caller's.
    this.#held = begun === 0 ? undefined : Buffer.from(bytes.subarray(end));
    return bytes.subarray(0, end);
  }

  /** What was held back, at the end. */
  rest(): Buffer | undefined {
    return this.#held;
  }
}
