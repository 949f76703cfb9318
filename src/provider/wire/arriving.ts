import type { Readable } from "node:stream";

/** Bytes held at most that have come and were not taken yet. */
const most = 2 ** 20;

/**
 * A body's bytes in order, as they come. When a connection breaks, Node's stream drops what it has buffered; here everything that had
 * come is given first, and then the error. So a consumer that is busy logging one item still gets the next one when the connection breaks
 * meanwhile.
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
