import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { isZlib } from "../../lib/content-decoder.ts";
import { entryOf } from "../../lib/table.ts";
import { unpackedWhole } from "../../lib/zstd.ts";

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer | undefined;

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  // With or without zlib's two bytes around it: clients disagree about what the name means (RFC 9110, 8.4.1.2).
  deflate: (bytes, options) => (isZlib(bytes) ? inflateSync : inflateRawSync)(bytes, options),
  br: brotliDecompressSync,
  // It may have several frames, some of them without content (RFC 8878, 3.1).
  zstd: (bytes, { maxOutputLength }) => unpackedWhole(bytes, maxOutputLength),
};

/**
 * The names in a `content-encoding`, in the order in which they were applied. Some servers say there that nothing was, and some write the
 * charset.
 */
const codingsIn = (encoding: string | undefined): string[] =>
  (encoding ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => !/^(?:identity|none|utf-?8)?$/u.test(name));

/** Whether a `content-encoding` says that the body is packed. A header that comes twice may be given as a list. */
export const isPacked = (encoding: string | readonly string[] | undefined): boolean =>
  codingsIn(String(encoding ?? "")).length > 0;

/**
 * A body without its `content-encoding`; `undefined` when that is unknown, the bytes are damaged, or they come to more than `limit` bytes.
 * Only asked when something has to be looked at: a healthy request passes as it was compressed.
 */
export function plainBody(body: Buffer, encoding: string | undefined, limit: number): Buffer | undefined {
  let plain: Buffer = body;
  for (const name of codingsIn(encoding).toReversed()) {
    const decode = entryOf(decoders, name);
    if (!decode) return undefined;
    try {
      const decoded = decode(plain, { maxOutputLength: limit });
      if (!decoded) return undefined;
      plain = decoded;
    } catch (error) {
      // What can't be decoded is the upstream's to refuse.
      if (error instanceof Error && "code" in error) return undefined;
      throw error;
    }
  }
  return plain;
}
