import { ContentDecoder } from "../../lib/content-decoder.ts";

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

/** Decodes a stream that an upstream compresses though it was asked for a plain one, event by event as it comes. */
export class StreamDecoder {
  readonly #host: DecoderHost;
  readonly #decoder: ContentDecoder;
  #isOver = false;

  constructor(encoding: string, host: DecoderHost) {
    this.#host = host;
    this.#decoder = new ContentDecoder(encoding);
    this.#decoder.on("data", (bytes: Buffer) => {
      if (!this.#isOver) host.decoded(bytes);
    });
    this.#decoder.once("end", () => this.#end(() => host.ended()));
    this.#decoder.on("error", (error: Error) => this.#end(() => host.failed(error)));
  }

  write(chunk: Buffer): void {
    if (this.#isOver) return;
    // A copy, since the decoder keeps what it is given until it is decoded.
    if (!this.#decoder.write(Buffer.from(chunk))) {
      this.#host.pause();
      this.#decoder.once("drain", () => this.#host.resume());
    }
  }

  end(): void {
    if (!this.#isOver) this.#decoder.end();
  }

  /** What was decoded isn't wanted until `resume`. */
  pause(): void {
    this.#decoder.pause();
  }

  resume(): void {
    this.#decoder.resume();
  }

  destroy(): void {
    this.#isOver = true;
    this.#decoder.destroy();
  }

  #end(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    tell();
  }
}
