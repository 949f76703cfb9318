import type { ServerResponse } from "node:http";

const lineEnd = 2;
const lastChunk = "0\r\n\r\n";

/**
 * The body of an answer whose head is written, in chunks that are framed here: a run of events is one buffer and one system call, where
 * node:http writes three pieces, collected until the next tick (which is a third of what passing an event on costs). An answer that isn't
 * chunked goes through node:http as it is.
 */
export class ChunkedBody {
  readonly #response: ServerResponse;
  readonly #isChunked: boolean;

  /** To be made after `writeHead`. */
  constructor(response: ServerResponse) {
    this.#response = response;
    this.#isChunked = response.chunkedEncoding;
    response.chunkedEncoding = false;
  }

  /** `false` when no more should come until `drain`. */
  write(bytes: Buffer): boolean {
    return this.#response.write(this.#isChunked ? framed(bytes) : bytes);
  }

  end(last?: Buffer): void {
    if (last !== undefined && last.length > 0) this.write(last);
    if (this.#isChunked) this.#response.end(lastChunk, "latin1");
    else this.#response.end();
  }
}

function framed(bytes: Buffer): Buffer {
  const size = bytes.length.toString(16);
  const chunk = Buffer.allocUnsafe(size.length + bytes.length + 2 * lineEnd);
  chunk.write(`${size}\r\n`, "latin1");
  const end = size.length + lineEnd + bytes.length;
  bytes.copy(chunk, size.length + lineEnd);
  chunk[end] = 0x0d;
  chunk[end + 1] = 0x0a;
  return chunk;
}
