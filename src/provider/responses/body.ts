import type { ModelRequest } from "../../provider.ts";

/** A request body with its exact length; `chunks` gives it piece by piece, at the pace of the socket. */
export interface StreamedBody {
  readonly bytes: number;
  chunks(): AsyncGenerator<Uint8Array>;
}

// Small items are joined, so that a history of 100,000 items isn't 100,000 writes.
const block = 128 * 1024;

/**
 * The body of `POST /responses` (OpenAI Responses API, 2025-08 to 2026-11): everything small first, then `input` with the stored bytes.
 * `reasoning` is sent only when an effort is set, because models that don't reason refuse it.
 */
export function requestBody(request: ModelRequest): StreamedBody {
  const members = {
    model: request.model,
    ...(request.instructions === "" ? {} : { instructions: request.instructions }),
    ...(request.tools.length === 0
      ? {}
      : { tools: request.tools, tool_choice: "auto", parallel_tool_calls: true }),
    ...(request.effort === undefined ? {} : { reasoning: { effort: request.effort, summary: "auto" } }),
    ...(request.sealed ? { include: ["reasoning.encrypted_content"] } : {}),
    store: false,
    stream: true,
    prompt_cache_key: request.cacheKey,
  };
  const encoder = new TextEncoder();
  const head = encoder.encode(`${JSON.stringify(members).slice(0, -1)},"input":[`);
  const tail = encoder.encode("]}");
  return {
    bytes: head.length + request.input.bytes + tail.length,
    async *chunks() {
      yield* joined([head], request.input.chunks(), [tail]);
    },
  };
}

async function* joined(
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

const sealedKey = Buffer.from('"encrypted_content":');

/** Whether the input holds sealed content; asked only after a refusal that may mean it without saying so. */
export async function holdsSealed(input: ModelRequest["input"]): Promise<boolean> {
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
