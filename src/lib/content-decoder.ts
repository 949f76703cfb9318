import { Transform, type TransformCallback } from "node:stream";
import { constants, createBrotliDecompress, createInflateRaw, createUnzip } from "node:zlib";
import { looksLikeStream } from "./event-stream.ts";
import { entryOf } from "./table.ts";
import { ZstdFrames } from "./zstd-frames.ts";

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

/** Whether deflated bytes have zlib's header. */
export const isZlib = (bytes: Uint8Array): boolean => (bytes[0]! & 0x0f) === 8;

/** How a JSON object begins. */
const objectBeginning = /^\s*\{\s*"/u;

/** Whether a body is plain, though its header says otherwise: some proxies unpack an answer and leave its header. */
const looksPlain = (first: Buffer): boolean =>
  looksLikeStream(first) || objectBeginning.test(first.toString("latin1", 0, 16));

/**
 * Decodes a body by its `content-encoding` as it comes: what was flushed on the other side comes out at once. One that is plain, though
 * its header says otherwise, passes as it is; of one that is cut off, as much comes out as came of it.
 */
export class ContentDecoder extends Transform {
  readonly #encoding: string;
  #isBegun = false;
  /** Absent for a plain body. */
  #decoder: Transform | undefined;
  /** The packed bytes are at their end, whatever stands behind them. */
  #isOver = false;
  #done: TransformCallback | undefined;

  /** Whether there is a decoder for a `content-encoding`; `none` is what some frameworks write to keep others from compressing. */
  static knows(encoding: string): boolean {
    return encoding === "none" || Object.hasOwn(decoders, encoding);
  }

  constructor(encoding: string) {
    super();
    this.#encoding = encoding;
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (!this.#isBegun) this.#begin(bytes);
    if (!this.#decoder) return done(null, bytes);
    if (this.#isOver) return done();
    this.#done = done;
    // The decoder's `error` event tells what is wrong.
    this.#decoder.write(bytes, (error) => {
      if (!error) this.#settle();
    });
  }

  override _flush(done: TransformCallback): void {
    if (!this.#decoder || this.#isOver) return done();
    this.#done = done;
    this.#decoder.end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#decoder?.destroy();
    done(error);
  }

  override _read(size: number): void {
    this.#decoder?.resume();
    // eslint-disable-next-line no-underscore-dangle -- this is how Node's streams are extended.
    super._read(size);
  }

  #settle(): void {
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }

  #begin(first: Buffer): void {
    this.#isBegun = true;
    const make = looksPlain(first) ? undefined : entryOf(decoders, this.#encoding);
    if (!make) return;
    const decoder = make(first);
    this.#decoder = decoder;
    decoder.on("data", (bytes: Buffer) => {
      if (!this.push(bytes)) decoder.pause();
    });
    decoder.once("end", () => {
      this.#isOver = true;
      this.#settle();
    });
    decoder.on("error", (error: Error) => this.destroy(error));
  }
}
