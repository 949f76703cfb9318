import { Transform, type TransformCallback } from "node:stream";
import { createZstdDecompress, type ZstdDecompress } from "node:zlib";

/**
 * Decodes zstd as it comes, all of its frames (RFC 8878, 3.1: what says nothing may stand between them). zlib's own stream ends with the
 * first that another stands behind in one piece, which is how a server that makes a frame of each event is read when several come at once.
 */
export class ZstdFrames extends Transform {
  #frame: ZstdDecompress | undefined;

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#decode(bytes, done);
  }

  /** Of a frame that isn't whole, as much comes out as came of it. */
  override _flush(done: TransformCallback): void {
    const frame = this.#frame;
    if (!frame || frame.readableEnded) return done();
    frame.once("end", () => done());
    frame.end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#frame?.destroy();
    done(error);
  }

  override _read(size: number): void {
    this.#frame?.resume();
    // eslint-disable-next-line no-underscore-dangle -- this is how Node's streams are extended.
    super._read(size);
  }

  #decode(bytes: Buffer, done: TransformCallback): void {
    const frame = (this.#frame ??= this.#begin());
    const before = frame.bytesWritten;
    frame.write(bytes, (error) => {
      // The frame's `error` event tells it.
      if (error) return;
      const rest = bytes.subarray(frame.bytesWritten - before);
      if (rest.length === 0) return done();
      const goOn = (): void => {
        this.#frame = undefined;
        this.#decode(rest, done);
      };
      if (frame.readableEnded) goOn();
      else frame.once("end", goOn);
    });
  }

  #begin(): ZstdDecompress {
    const frame = createZstdDecompress();
    frame.on("data", (bytes: Buffer) => {
      if (!this.push(bytes)) frame.pause();
    });
    frame.on("error", (error: Error) => this.destroy(error));
    return frame;
  }
}
