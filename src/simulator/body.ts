import type { IncomingMessage } from "node:http";

/** Just under what one JavaScript string can hold (V8: 2^29 - 24 characters). */
const bodyLimit = 512 * 1000 * 1000;

/** The body as text; without it when it is over the limit: then it was read to its end and let go of. Rejects when the client hangs up. */
export async function readBody(
  request: IncomingMessage,
  limit = bodyLimit,
): Promise<{ text: string | undefined; bytes: number }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  return { text: bytes <= limit ? Buffer.concat(chunks, bytes).toString("utf8") : undefined, bytes };
}
