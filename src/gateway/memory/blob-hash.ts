import { createHash } from "node:crypto";
import { fernetHead } from "../../session/seal.ts";

/** How a blob is known, and an item or a conversation: the SHA-256 (hex) of its text. The text itself is never kept. */
export function blobHash(blob: string | Uint8Array): string {
  return createHash("sha256").update(blob).digest("hex");
}

/**
 * Hashes of the sealed blobs in the JSON of a request or an answer, found without parsing it; those in the arguments of calls come first
 * (`sealedArgument`). A blob that a text merely quotes isn't found, since the quotation marks around it are escaped.
 */
export function blobsIn(bytes: Buffer): string[] {
  return [
    ...hashesIn(bytes, '\\"message\\"', { quote: '\\"', begin: fernetHead }),
    ...hashesIn(bytes, '"encrypted_content"', { quote: '"', begin: "" }),
  ];
}

function hashesIn(bytes: Buffer, key: string, { quote, begin }: { quote: string; begin: string }): string[] {
  const hashes: string[] = [];
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at)) {
    at += key.length;
    while (bytes[at] === 0x20 || bytes[at] === 0x3a) at++;
    const start = at + quote.length;
    if (bytes.toString("latin1", at, start + begin.length) !== quote + begin) continue;
    const end = bytes.indexOf(quote, start);
    if (end > start) hashes.push(blobHash(bytes.subarray(start, end)));
  }
  return hashes;
}
