import { createReadStream } from "node:fs";
import { isCompressed } from "./compressed.ts";
import { documentLines } from "./document.ts";
import { type Writing, writingOf } from "./layout.ts";
import { type LineOptions, linesOfBytes, type RolloutLine, rolloutLines } from "./lines.ts";
import { ValuesInLines } from "./values-in-lines.ts";

const piece = 2 ** 20;

/**
 * The lines of any rollout, however it is written: the old JSON document's items, and the records of a file that a program has written anew
 * (`Layout`), which are read as they come. Offsets are in what has the lines then.
 */
export async function* linesOf(path: string, options: LineOptions = {}): AsyncGenerator<RolloutLine[]> {
  const document = path.endsWith(".json") ? await documentLines(path) : undefined;
  if (document) {
    yield document;
    return;
  }
  const writing = isCompressed(path) ? undefined : writingOf(path);
  yield* writing ? linesOfBytes(relaidPieces(path, writing), options) : rolloutLines(path, options);
}

/** What `relaid` gives, a piece at a time. */
async function* relaidPieces(path: string, { encoding, isInLines }: Writing): AsyncGenerator<Buffer> {
  const decoder = encoding === "utf-8" ? undefined : new TextDecoder(encoding);
  const values = isInLines ? undefined : new ValuesInLines();
  for await (const bytes of createReadStream(path, { highWaterMark: piece })) {
    const text = decoder ? Buffer.from(decoder.decode(bytes as Buffer, { stream: true })) : (bytes as Buffer);
    yield values?.take(text) ?? text;
  }
  if (decoder) {
    const rest = Buffer.from(decoder.decode());
    yield values?.take(rest) ?? rest;
  }
}
