import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { entryOf } from "../../lib/table.ts";

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;

const decoders: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  // With or without zlib's two bytes around it: clients disagree about what the name means (RFC 9110, 8.4.1.2).
  deflate: (bytes, options) => (isZlib(bytes) ? inflateSync : inflateRawSync)(bytes, options),
  br: brotliDecompressSync,
  zstd: zstdFrames,
};

/** Whether deflated bytes have zlib's header. */
export const isZlib = (bytes: Uint8Array): boolean => (bytes[0]! & 0x0f) === 8;

/** Decodes all frames of a body: it may have several, some of them without content (RFC 8878, 3.1), and zlib decodes one at a time. */
function zstdFrames(bytes: Uint8Array, { maxOutputLength }: { maxOutputLength: number }): Buffer {
  const frames: Buffer[] = [];
  let left = maxOutputLength;
  for (let rest = bytes; rest.length > 0;) {
    // The type declarations don't know `info`, which zlib's functions have had since Node 9.
    const decoded = zstdDecompressSync(rest, { maxOutputLength: Math.max(1, left), info: true }) as unknown;
    const { buffer, engine } = decoded as { buffer: Buffer; engine: { bytesWritten: number } };
    frames.push(buffer);
    left -= buffer.length;
    if (engine.bytesWritten === 0) break;
    rest = rest.subarray(engine.bytesWritten);
  }
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames);
}

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
    const decode = entryOf(decoders, name);
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
