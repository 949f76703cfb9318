import { createReadStream } from "node:fs";
import { isCompressed, unpacked } from "../bytes/compressed.ts";
import { documentAt, documentLines } from "./document.ts";
import { oldDocument, type Writing, writingOf } from "./layout.ts";
import { type LineOptions, linesOfBytes, type RolloutLine, rolloutLines } from "../bytes/lines.ts";
import { mayHoldRecords } from "./may-hold-records.ts";
import { ValuesInLines } from "../bytes/values-in-lines.ts";

const piece = 2 ** 20;

/**
 * The lines of any rollout, however it is written: the old document's items, and the records of a file that a program has written anew
 * (`Layout`), which are read as they come. Offsets are in what has the lines then. A large file without any record has none.
 */
export async function* linesOf(path: string, options: LineOptions = {}): AsyncGenerator<RolloutLine[]> {
  if (!mayHoldRecords(path)) return;
  const writing = writingOf(path);
  if (writing === undefined) yield* rolloutLines(path, options);
  else if (writing.layout !== oldDocument) yield* linesOfBytes(relaidPieces(path, writing, options), options);
  else {
    const document = documentAt(path);
    if (document) yield documentLines(document);
  }
}

/** What `relaid` gives, a piece at a time. */
export async function* relaidPieces(
  path: string,
  { encoding, isInLines }: Writing,
  { onBroken }: Pick<LineOptions, "onBroken"> = {},
): AsyncGenerator<Buffer> {
  const decoder = encoding === "utf-8" ? undefined : new TextDecoder(encoding);
  const values = isInLines ? undefined : new ValuesInLines();
  const pieces = isCompressed(path)
    ? unpacked(path, onBroken)
    : createReadStream(path, { highWaterMark: piece });
  for await (const bytes of pieces) {
    const text = decoder ? Buffer.from(decoder.decode(bytes as Buffer, { stream: true })) : (bytes as Buffer);
    yield values?.take(text) ?? text;
  }
  if (decoder) {
    const rest = Buffer.from(decoder.decode());
    yield values?.take(rest) ?? rest;
  }
}
