import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";

const decoders: Readonly<
  Record<string, (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer>
> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/**
 * A body without its `content-encoding`; `undefined` when that is unknown, the bytes are damaged, or they come to more than `limit` bytes.
 * Only asked when something has to be looked at: a healthy request passes as it was compressed.
 */
export function plainBody(body: Buffer, encoding: string | undefined, limit: number): Buffer | undefined {
  let plain: Buffer = body;
  const names = (encoding ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
  for (const name of names.toReversed()) {
    const decode = decoders[name];
    if (!decode) return undefined;
    try {
      plain = decode(plain, { maxOutputLength: limit });
    } catch (error) {
      // What can't be decoded is the upstream's to refuse.
      if (error instanceof Error && "code" in error) return undefined;
      throw error;
    }
  }
  return plain;
}
