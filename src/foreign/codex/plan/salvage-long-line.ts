import type { TextFlaw } from "../../../lib/json-stream.ts";
import type { Edit } from "./edit.ts";
import type { EditedFile } from "./edited-file.ts";
import type { FindingKind } from "../findings/catalogue.ts";
import type { ReadAt } from "../../../lib/file-bytes.ts";
import { lookThrough } from "../examine/long-line.ts";
import { recordMark } from "../rollout/record/glance.ts";
import { partOf, type Span } from "../rollout/bytes/lines.ts";

const piece = 2 ** 20;
const mostMarks = 1_000;
const newline = Buffer.from("\n");
const mended: Readonly<Record<TextFlaw, Buffer>> = {
  control: Buffer.from(" "),
  utf8: Buffer.from("?"),
  surrogate: Buffer.from("\\ufffd"),
};

/**
 * The edits for a bad line that is too long to be held. As `salvage`, except that what is no record isn't copied out, as the backup has
 * it. `isTail`: the line needs an ending.
 */
export function* salvageLongLine(
  line: Span,
  file: EditedFile,
  kind: FindingKind,
  isTail: boolean,
): Generator<Edit, undefined> {
  const read = (at: number, bytes: number): Buffer => file.read(at, bytes);
  const end = line.at + line.bytes;
  const starts = beginnings(line, read);
  let isAfterRecord = false;
  for (const [nth, at] of starts.entries()) {
    const span = { index: line.index, at, bytes: (starts[nth + 1] ?? end) - at };
    const { isObject, flaws, count } = lookThrough(span, read);
    const isKept = isObject && count === flaws.length;
    if (isKept) {
      if (isAfterRecord) yield file.insert(span, kind, "the record after it stands alone", newline);
      for (const flaw of flaws)
        yield file.replace({ ...flaw, index: line.index }, kind, saysOfFlaw[flaw.is], mended[flaw.is]);
    } else {
      const from = isAfterRecord ? 1 : 0;
      const to = isTail && at + span.bytes === end ? 1 : 0;
      if (from > 0) yield file.replace(partOf(span, 0, 1), kind, "the record before it ends", newline);
      const blanked = partOf(span, from, span.bytes - from - to);
      yield file.blank(blanked, kind, "what can't be read becomes spaces; the backup has it");
      if (to > 0) yield file.replace(partOf(span, span.bytes - 1, 1), kind, "the line is ended", newline);
    }
    isAfterRecord = isKept;
  }
  if (isTail && isAfterRecord)
    yield file.insert(partOf(line, line.bytes, 0), kind, "the line is ended", newline);
  return undefined;
}

/** Where in a line another record may begin, and where it begins itself. */
export function beginnings({ at, bytes }: Pick<Span, "at" | "bytes">, read: ReadAt): number[] {
  const found = [at];
  for (let done = 1; done < bytes && found.length < mostMarks; done += piece) {
    const part = read(at + done, Math.min(piece + recordMark.length - 1, bytes - done));
    for (let mark = part.indexOf(recordMark); mark >= 0; mark = part.indexOf(recordMark, mark + 1))
      found.push(at + done + mark);
  }
  return found;
}

/** What is done about each flaw of a line, in words for the diff. */
export const saysOfFlaw: Readonly<Record<TextFlaw, string>> = {
  control: "a control character becomes a space",
  utf8: "bytes that are no text become question marks",
  surrogate: "half a character becomes U+FFFD",
};
