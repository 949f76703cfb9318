import type { ServerResponse } from "node:http";
import { type BodyMemory, segmentBytes } from "./held-body.ts";

const lastChunk = "0\r\n\r\n";
/** How many bytes the framing adds to a chunk at most, with the last chunk after it. */
const frameBytes = 32;

/**
 * The body of an answer whose head is written, in chunks that are framed here: what is written between two flushes is one buffer and one
 * system call, where node:http writes three pieces for each, collected until the next tick. The first goes out together with the head, the
 * last together with the end. (This is half of what passing an event on costs.) An answer that isn't chunked goes through node:http as it
 * is.
 */
export class ChunkedBody {
  readonly #response: ServerResponse;
  readonly #memory: BodyMemory;
  readonly #isChunked: boolean;
  /** What is framed and not sent yet, in its first `#used` bytes. */
  #open: Buffer | undefined;
  #used = 0;
  #hasBegun = false;

  /** To be made after `writeHead`. */
  constructor(response: ServerResponse, memory: BodyMemory) {
    this.#response = response;
    this.#memory = memory;
    this.#isChunked = response.chunkedEncoding;
    response.chunkedEncoding = false;
  }

  /** Whether so much waits for the client to read it that no more should come. */
  get isFull(): boolean {
    const { writableLength, writableHighWaterMark } = this.#response.socket ?? this.#response;
    return writableLength >= writableHighWaterMark;
  }

  /** Goes out with the next `flush`; the bytes may be written over at once. */
  write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (!this.#isChunked) return void this.#response.write(Buffer.from(bytes));
    const room = bytes.length + frameBytes;
    if (this.#used + room > segmentBytes) this.#send();
    const isLarge = room > segmentBytes;
    if (isLarge) this.#open = Buffer.allocUnsafeSlow(room);
    const open = (this.#open ??= this.#memory.take());
    this.#used += open.write(`${bytes.length.toString(16)}\r\n`, this.#used, "latin1");
    this.#used += bytes.copy(open, this.#used);
    open[this.#used++] = 0x0d;
    open[this.#used++] = 0x0a;
    if (isLarge) this.#send();
  }

  /** `false` when no more should come until `drained`. */
  flush(): boolean {
    this.#send();
    return !this.isFull;
  }

  /** Calls back once when more may come. */
  drained(callback: () => void): void {
    (this.#response.socket ?? this.#response).once("drain", callback);
  }

  end(last?: Buffer): void {
    if (last !== undefined) this.write(last);
    if (this.#isChunked) {
      this.#open ??= this.#memory.take();
      this.#used += this.#open.write(lastChunk, this.#used, "latin1");
      this.#send();
    }
    this.#response.end();
  }

  #send(): void {
    const open = this.#open;
    if (!open) return;
    const bytes = open.subarray(0, this.#used);
    this.#open = undefined;
    this.#used = 0;
    const { socket } = this.#response;
    // As long as an earlier answer has the connection, it waits in node:http.
    if (!socket) return void this.#response.write(bytes);
    if (this.#hasBegun) socket.write(bytes);
    else {
      this.#hasBegun = true;
      socket.cork();
      // As `flushHeaders` does, which would write bytes of a head beyond ASCII as UTF-8.
      this.#response.write("", "latin1");
      socket.write(bytes);
      socket.uncork();
    }
    // What the system took at once nobody reads any more.
    if (open.length === segmentBytes && socket.writableLength === 0) this.#memory.give([open]);
  }
}
