import type { Transform } from "node:stream";
import { constants, createBrotliDecompress, createInflateRaw, createUnzip } from "node:zlib";
import { isZlib } from "./plain-body.ts";
import { looksLikeStream } from "./stream-scan.ts";
import { ZstdFrames } from "../../lib/zstd-frames.ts";

/** Who a decoder tells. Nothing is told after `ended` or `failed`, nor after `destroy`. */
export interface DecoderHost {
  decoded(bytes: Buffer): void;
  /** All that came was decoded. That may be less than the whole: whoever reads the events sees that they are cut off. */
  ended(): void;
  /** The bytes aren't of that encoding. */
  failed(error: Error): void;
  /** No more is wanted until `resume`, because what came hasn't been decoded yet. */
  pause(): void;
  resume(): void;
}

const flushed = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const { BROTLI_OPERATION_FLUSH } = constants;

const decoders: Readonly<Record<string, (first: Buffer) => Transform>> = {
  gzip: () => createUnzip(flushed),
  "x-gzip": () => createUnzip(flushed),
  // With or without zlib's two bytes around it: servers disagree about what the name means (RFC 9110, 8.4.1.2).
  deflate: (first) => (isZlib(first) ? createUnzip(flushed) : createInflateRaw(flushed)),
  br: () => createBrotliDecompress({ flush: BROTLI_OPERATION_FLUSH, finishFlush: BROTLI_OPERATION_FLUSH }),
  zstd: () => new ZstdFrames(),
};

/**
 * Decodes a stream that an upstream compresses though it was asked for a plain one, event by event as it comes: what was flushed on the
 * other side comes out at once. A stream that is plain, though its header says otherwise, passes as it is.
 */
export class StreamDecoder {
  readonly #encoding: string;
  readonly #host: DecoderHost;
  #decoder: Transform | undefined;
  #isPlain = false;
  #isOver = false;

  /** Whether there is a decoder for a `content-encoding`; `none` is what some frameworks write to keep others from compressing. */
  static knows(encoding: string): boolean {
    return encoding === "none" || Object.hasOwn(decoders, encoding);
  }

  constructor(encoding: string, host: DecoderHost) {
    this.#encoding = encoding;
    this.#host = host;
  }

  write(chunk: Buffer): void {
    if (this.#isOver) return;
    if (!this.#decoder && !this.#isPlain) this.#begin(chunk);
    if (!this.#decoder) return this.#host.decoded(chunk);
    // A copy, since the decoder keeps what it is given until it is decoded.
    if (!this.#decoder.write(Buffer.from(chunk))) {
      this.#host.pause();
      this.#decoder.once("drain", () => this.#host.resume());
    }
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#decoder) return void this.#decoder.end();
    this.#isOver = true;
    this.#host.ended();
  }

  /** What was decoded isn't wanted until `resume`. */
  pause(): void {
    this.#decoder?.pause();
  }

  resume(): void {
    this.#decoder?.resume();
  }

  destroy(): void {
    this.#isOver = true;
    this.#decoder?.destroy();
  }

  #begin(first: Buffer): void {
    const make = decoders[this.#encoding];
    if (!make || looksLikeStream(first)) {
      this.#isPlain = true;
      return;
    }
    const decoder = make(first);
    this.#decoder = decoder;
    decoder.on("data", (bytes: Buffer) => {
      if (!this.#isOver) this.#host.decoded(bytes);
    });
    decoder.once("end", () => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#host.ended();
    });
    decoder.on("error", (error: Error) => {
      if (this.#isOver) return;
      this.#isOver = true;
      this.#host.failed(error);
    });
  }
}
