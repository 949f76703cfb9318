import type { IncomingMessage } from "node:http";

/** Just under what one JavaScript string can hold (V8: 2^29 - 24 characters). */
export const bodyLimit = 512 * 1000 * 1000;

/** The body as text, or `undefined` when it is over the limit; then the rest is read and let go of. Rejects when the client hangs up. */
export async function readBody(
  request: IncomingMessage,
  limit = bodyLimit,
): Promise<{ text: string; bytes: number } | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes <= limit ? { text: Buffer.concat(chunks, bytes).toString("utf8"), bytes } : undefined;
}
