import { createHash } from "node:crypto";

/** How a blob is known: the SHA-256 (hex) of its text. The blob itself is never kept. */
export function blobHash(blob: string | Uint8Array): string {
  return createHash("sha256").update(blob).digest("hex");
}

const key = '"encrypted_content"';

/** Hashes of the sealed blobs in the JSON of an answer; in a text that quotes such JSON the quotes are escaped, so that it isn't found. */
export function blobsIn(bytes: Buffer): string[] {
  const hashes: string[] = [];
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at)) {
    at += key.length;
    while (bytes[at] === 0x20 || bytes[at] === 0x3a) at++;
    if (bytes[at] !== 0x22) continue;
    const end = bytes.indexOf(0x22, at + 1);
    if (end > at + 1) hashes.push(blobHash(bytes.subarray(at + 1, end)));
  }
  return hashes;
}
