import { statSync } from "node:fs";
import { headOf, isCompressed } from "../bytes/compressed.ts";
import { documentAt } from "./document.ts";
import { type Encoding, encodingOf, inUtf8 } from "../bytes/encoding.ts";
import { glance } from "../record/glance.ts";
import { linesIn, longestLine } from "../bytes/lines.ts";
import { isOfCodex } from "../record/of-codex.ts";
import { mayHoldRecords } from "./may-hold-records.ts";
import { readRecord } from "../record/record.ts";
import { ValuesInLines } from "../bytes/values-in-lines.ts";
import { isBlank, isSpace } from "../bytes/white-space.ts";

/** How records stand in a file that a program has written anew, so that no line of it is one: Codex refuses such a file. */
export type Layout = "UTF-16" | "one record over many lines" | "one JSON list";

/** The layout of the old document (`OldDocument`), which never had a line for each record. */
export const oldDocument = "one JSON document";

/** How a file is to be read so that every record has a line of its own. */
export interface Writing {
  readonly layout: Layout | typeof oldDocument;
  readonly encoding: Encoding;
  /** In UTF-16, but with a line for each record. */
  readonly isInLines: boolean;
}

const enough = 2 ** 9;
const headBytes = 2 ** 20;
/** Bytes of a compressed file that are read to judge it: they unpack to ten times as much, and to at least one block. */
const packedBytes = 2 ** 18;
const [comma, newline, openBrace, openBracket, closeBracket] = [0x2c, 0x0a, 0x7b, 0x5b, 0x5d];

/**
 * How a rollout is to be read that has no lines as Codex writes them; `undefined` where it has such lines, or holds no record at all.
 * Reads only its head.
 */
export function writingOf(path: string): Writing | undefined {
  const isPacked = isCompressed(path);
  const first = headOf(path, Buffer.allocUnsafe(isPacked ? packedBytes : enough));
  if (glance(first)) return undefined;
  const head = isPacked ? first : headOf(path, Buffer.allocUnsafe(headBytes));
  const writing = writingIn(head.subarray(0, headBytes));
  if (writing !== "none") return writing === "lines" ? undefined : writing;
  // A list of sessions must not read gigabytes of a file that is no rollout.
  if (statSync(path).size > longestLine || !mayHoldRecords(path)) return undefined;
  return documentAt(path) && { layout: oldDocument, encoding: encodingOf(head), isInLines: false };
}

/** As `writingOf`, of a file's head. "lines": it has them. "none": no record was found. */
function writingIn(bytes: Buffer): Writing | "lines" | "none" {
  const encoding = encodingOf(bytes);
  const text = inUtf8(bytes, encoding);
  const lines = linesIn(text).filter((line) => !isBlank(line.bytes));
  if (lines[0] && isRecord(lines[0].bytes))
    return encoding === "utf-8" ? "lines" : { layout: "UTF-16", encoding, isInLines: true };
  // The first record may be destroyed: what the others stand in is the layout.
  const first = firstRecord(text);
  if (encoding !== "utf-8") {
    const isInLines = first !== 0 && lines.some((line) => isRecord(line.bytes));
    return first < 0 && !isInLines ? "none" : { layout: "UTF-16", encoding, isInLines };
  }
  if (first < 0) return "none";
  // Records in a list, or one spread over many lines, may be followed by records with a line each: those that Codex has written since.
  const beginning = lines.find(({ bytes: line }) => line.includes(openBrace));
  const isSpread =
    first === 0 && beginning && (isListed(beginning.bytes) || firstRecord(beginning.bytes) !== 0);
  // With lines and an unreadable first one, later ones could be read; a list of one value a line ends its lines with commas.
  const isList = text[begin(text)] === openBracket;
  const close = lines.findIndex(({ bytes: line }) => line[begin(line)] === closeBracket);
  const list = lines.slice(0, (close < 0 ? lines.length : close) - 1);
  if (!isSpread && (isList ? list : lines).some((line) => isRecord(line.bytes))) return "lines";
  return { layout: isList ? "one JSON list" : "one record over many lines", encoding, isInLines: false };
}

/** Whether another record of a list is to come after a line. */
const isListed = (line: Buffer): boolean =>
  line.subarray(line.findLastIndex((byte) => !isSpace(byte)))[0] === comma;

/** Which of the values in a text is the first that is a record; -1 where none is. */
function firstRecord(text: Buffer): number {
  return linesIn(new ValuesInLines().take(text)).findIndex(({ bytes }) => isRecord(bytes));
}

/**
 * The bytes of such a file with every record on a line of its own, as Codex wrote them; what is torn stays after them, for the repairs of
 * lines.
 */
export function relaid(written: Buffer): Buffer {
  const writing = writingIn(written.subarray(0, headBytes));
  if (writing === "lines") return written;
  const text = inUtf8(written, encodingOf(written));
  return writing !== "none" && writing.isInLines ? text : new ValuesInLines().take(text);
}

/** Offset of the first byte that is neither white space nor part of a byte order mark. */
function begin(bytes: Buffer): number {
  let at = bytes[0] === 0xef ? 3 : 0;
  while (isSpace(bytes[at]) || bytes[at] === newline) at++;
  return at;
}

function isRecord(line: Buffer): boolean {
  const read = readRecord({ bytes: line, whole: true });
  return read.readable && isOfCodex(read);
}
