import type { Readable } from "node:stream";

/** So much is held at most that has come and was not taken. */
const most = 2 ** 20;

/**
 * A body's bytes in order, as they come. A stream that its connection's end destroys drops what it holds; here what had come is given first,
 * and then the error: whoever is at work on one item, logging it, gets the next one also when the connection breaks meanwhile.
 */
export async function* arriving(body: Readable): AsyncGenerator<Buffer, undefined> {
  const held: Buffer[] = [];
  let bytes = 0;
  let end: { error?: Error } | undefined;
  let wake = (): void => undefined;
  const ended = (error?: Error): void => {
    end ??= error ? { error } : {};
    wake();
  };
  body
    .on("data", (piece: Buffer) => {
      held.push(piece);
      bytes += piece.length;
      if (bytes >= most) body.pause();
      wake();
    })
    .once("end", () => ended())
    .once("error", ended)
    .once("close", () => ended(new Error("the body was closed")));
  try {
    for (;;) {
      const piece = held.shift();
      if (piece) {
        bytes -= piece.length;
        if (bytes < most && body.isPaused()) body.resume();
        yield piece;
      } else if (end?.error) throw end.error;
      else if (end) return undefined;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    body.destroy();
  }
}
