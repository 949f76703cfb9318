import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

const lineEnd = 2;
const lastChunk = "0\r\n\r\n";

/**
 * The body of an answer whose head is written, in chunks that are framed here: a run of events is one buffer and one system call, where
 * node:http writes three pieces, collected until the next tick. Behind the first, which goes out together with the head, chunks go straight
 * to the socket. (Both together are half of what passing an event on costs.) An answer that isn't chunked goes through node:http as it is.
 */
export class ChunkedBody {
  readonly #response: ServerResponse;
  readonly #isChunked: boolean;
  /** From the second chunk on, when the answer has its turn on the connection. */
  #socket: Socket | undefined;

  /** To be made after `writeHead`. */
  constructor(response: ServerResponse) {
    this.#response = response;
    this.#isChunked = response.chunkedEncoding;
    response.chunkedEncoding = false;
  }

  /** Whether the client has to read before more should come. */
  get isFull(): boolean {
    return this.#socket?.writableNeedDrain ?? this.#response.writableNeedDrain;
  }

  /** `false` when no more should come until `drained`. */
  write(bytes: Buffer): boolean {
    if (this.#socket) return this.#socket.write(framed(bytes));
    const isReady = this.#response.write(this.#isChunked ? framed(bytes) : bytes);
    if (isReady && this.#isChunked) this.#socket = this.#response.socket ?? undefined;
    return isReady;
  }

  /** Calls back once when more may come. */
  drained(callback: () => void): void {
    (this.#socket ?? this.#response).once("drain", callback);
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
