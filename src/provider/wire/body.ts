import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { writeJson } from "../../lib/whole-json.ts";
import type { RequestInput } from "../../provider.ts";

/** A request body with its exact length; `chunks` gives it piece by piece, at the pace of the socket. */
export interface StreamedBody {
  readonly bytes: number;
  chunks(): AsyncIterable<Uint8Array>;
}

// Small items are joined, so that a history of 100,000 items isn't 100,000 writes.
const block = 128 * 1024;

/** The parts one after the other, in blocks of a size that suits a socket. */
export async function* joined(
  ...parts: (Iterable<Uint8Array> | AsyncIterable<Uint8Array>)[]
): AsyncGenerator<Uint8Array> {
  let held = Buffer.allocUnsafe(block);
  let length = 0;
  for (const part of parts) {
    for await (const chunk of part) {
      if (length > 0 && length + chunk.length > block) {
        yield held.subarray(0, length);
        // The socket may still hold the block, so it isn't filled again.
        held = Buffer.allocUnsafe(block);
        length = 0;
      }
      if (chunk.length >= block) yield chunk;
      else {
        held.set(chunk, length);
        length += chunk.length;
      }
    }
  }
  if (length > 0) yield held.subarray(0, length);
}

/** A body that was converted as a whole. */
export function wholeBody(value: JsonObject): StreamedBody {
  const bytes = new TextEncoder().encode(writeJson(value));
  return {
    bytes: bytes.length,
    async *chunks() {
      for (let at = 0; at < bytes.length; at += block) yield bytes.subarray(at, at + block);
    },
  };
}

/** The input's items, for wires that convert them. */
export async function inputItems(input: RequestInput): Promise<JsonObject[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input.chunks()) chunks.push(chunk);
  const items = JSON.parse(`[${Buffer.concat(chunks).toString()}]`) as unknown[];
  return items.filter(isJsonObject);
}

const sealedKey = Buffer.from('"encrypted_content":');

/** Whether the input holds sealed content; asked only after a refusal that may mean it without saying so. */
export async function holdsSealed(input: RequestInput): Promise<boolean> {
  let carried = Buffer.alloc(0);
  for await (const chunk of input.chunks()) {
    const bytes = Buffer.concat([carried, chunk]);
    for (let at = bytes.indexOf(sealedKey); at >= 0; at = bytes.indexOf(sealedKey, at + 1)) {
      if (/^\s*"/u.test(bytes.toString("latin1", at + sealedKey.length, at + sealedKey.length + 8)))
        return true;
    }
    carried = bytes.subarray(-sealedKey.length - 8);
  }
  return false;
}
