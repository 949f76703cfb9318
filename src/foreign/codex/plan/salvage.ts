import { isUtf8 } from "node:buffer";
import { isJsonObject, memberCut, members, parseJson, valueEnd } from "../../../lib/json.ts";
import { isAt } from "../../../lib/bytes.ts";
import { JsonSkim } from "../../../lib/json-skim.ts";
import { recordMark } from "../rollout/record/glance.ts";
import { readRecord } from "../rollout/record/record.ts";
import { loneSurrogates } from "../rollout/bytes/surrogates.ts";
import { payloadIn } from "./line-places.ts";
import { isSound } from "./sound-record.ts";
import { closedRecord } from "./torn-record.ts";

/** What a bad line becomes. `lost`: pieces of it that could not be kept as records. */
export interface Salvaged {
  /** What takes the line's place, without its ending. It is longer than the line only where two records were glued together. */
  readonly bytes: Buffer;
  readonly lost: readonly Buffer[];
}

const space = 0x20;
const newline = 0x0a;
const [quote, questionMark, backslash] = [0x22, 0x3f, 0x5c];
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** The bytes between two glued whole records. Bare records (0.8 wrote two on a line) begin with any member. */
const between = Buffer.from('}{"');
const mostPieces = 1_000;
/** Two records that begin with so many bytes alike are the same one: time, ordinal and id are among them. */
const sameBeginning = 200;
const mostParsed = 2 ** 24;

/**
 * Keeps what can be kept of a line that is no record, in place: bytes that are no text become "?" in a string and a space elsewhere,
 * control characters a space, half a surrogate pair U+FFFD; a record glued to a torn one before it stands alone; one that is torn only
 * behind what Codex reads it by is closed. What is left becomes spaces, which every version passes over, and so does a record without what Codex reads it by: what an event tells of it can be put there.
 * Nothing is made up.
 */
export function salvage(line: Buffer): Salvaged {
  const cleaned = cleanedText(line);
  if (!isRecord(cleaned)) return apart(cleaned, line);
  if (cleaned.length > mostParsed) return { bytes: cleaned, lost: [] };
  withoutDamaged("metadata", 0, cleaned, line);
  const record = readRecord({ bytes: cleaned, whole: true });
  if (!record.readable) return { bytes: cleaned, lost: [] };
  if (!isSound(record)) return { bytes: Buffer.alloc(cleaned.length, space), lost: [line] };
  if (record.type === "response_item") withoutDamaged("id", payloadIn(cleaned), cleaned, line);
  return { bytes: cleaned, lost: [] };
}

/**
 * Makes spaces of a member of the object at `from` where it was damaged. Codex (0.169) reads a line without `metadata`, and none with a
 * wrong one; an item without its id is sent without, and with a damaged one refused.
 */
function withoutDamaged(name: string, from: number, cleaned: Buffer, line: Buffer): void {
  const cut = memberCut(members(cleaned.subarray(from)), name);
  if (!cut) return;
  const [start, end] = [from + cut[0], from + cut[1]];
  if (!cleaned.subarray(start, end).equals(line.subarray(start, end))) cleaned.fill(space, start, end);
}

/** The torn end of a file: whole records that stand before the torn one are kept. */
export function salvageTail(line: Buffer): Salvaged {
  return apart(cleanedText(line), line);
}

/** Takes a line apart where records may begin: keeps the pieces that are records, and makes spaces of the others. */
function apart(cleaned: Buffer, line: Buffer): Salvaged {
  const starts = withEnds([0, ...beginnings(cleaned)], cleaned);
  const pieces: Buffer[] = [];
  const lost: Buffer[] = [];
  let from = 0;
  let isAfterRecord = false;
  for (const [nth, start] of starts.entries()) {
    const end = starts[nth + 1] ?? cleaned.length;
    const piece = cleaned.subarray(start, end);
    const isWhole = isRecord(piece);
    const closed =
      isWhole || isBegunAgain(piece, cleaned, starts.slice(nth + 1)) ? undefined : closedRecord(piece);
    const kept = isWhole || closed !== undefined;
    if (!isWhole) {
      if (!isBlankOrNul(line.subarray(start, end))) lost.push(line.subarray(start, end));
      piece.fill(space);
      closed?.copy(piece);
    }
    // A newline between two records: in the place of what was torn, or else one byte more.
    if (isAfterRecord) {
      if (kept) {
        pieces.push(cleaned.subarray(from, start), Buffer.of(newline));
        from = start;
      } else piece[0] = newline;
    }
    // What was put at its end may be longer than what was torn off it.
    if (closed && closed.length > piece.length) {
      pieces.push(cleaned.subarray(from, start), closed);
      from = end;
    }
    isAfterRecord = kept;
  }
  // Lines may have tens of megabytes: what nothing was put into is not copied.
  return { bytes: from === 0 ? cleaned : Buffer.concat([...pieces, cleaned.subarray(from)]), lost };
}

/** Whether a torn record stands there once more at one of `later`. */
function isBegunAgain(piece: Buffer, line: Buffer, later: readonly number[]): boolean {
  const beginning = piece.subarray(0, sameBeginning);
  return later.some((at) => isAt(line, at, beginning));
}

/** Where another record may begin. */
function beginnings(line: Buffer): number[] {
  const afterWhole = offsetsOf(line, between).map((at) => at + 1);
  return [...new Set([...offsetsOf(line, recordMark), ...afterWhole])].toSorted((a, b) => a - b);
}

/** Adds where a record ends and something else stands behind it: a list's comma, the end of a torn record, garbage. */
function withEnds(starts: readonly number[], line: Buffer): number[] {
  return starts.flatMap((start, nth) => {
    const piece = line.subarray(start, starts[nth + 1]);
    const end = valueEnd(piece, 0) ?? piece.length;
    return end < piece.length && isRecord(piece.subarray(0, end)) ? [start, start + end] : [start];
  });
}

function offsetsOf(line: Buffer, what: Buffer): number[] {
  const found: number[] = [];
  for (let at = line.indexOf(what, 1); at >= 0 && found.length < mostPieces; at = line.indexOf(what, at + 1))
    found.push(at);
  return found;
}

/** A copy of the line in which nothing is left that no JSON text may have. */
function cleanedText(line: Buffer): Buffer {
  const bytes = Buffer.from(line);
  if (!isUtf8(bytes)) replaceInvalid(bytes);
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! < space) bytes[at] = space;
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes.fill(space, 0, 3);
  for (const at of loneSurrogates(bytes)) bytes.write("\\ufffd", at, "latin1");
  return bytes;
}

/** Puts "?" for every byte of a string that belongs to no UTF-8 sequence, and a space for one between the parts of a record. */
function replaceInvalid(bytes: Buffer): void {
  let [isString, isEscaped] = [false, false];
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at]!;
    // A record glued to one that was torn within a string: its beginning can't stand within a string.
    if (byte === openBrace && isAt(bytes, at, recordMark)) isString = isEscaped = false;
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    // A sequence that the end of the line cuts off is no text either, nor is a byte that begins none.
    const isText = length === 1 || isUtf8(bytes.subarray(at, at + length));
    if (!isText) bytes[at] = isString ? questionMark : space;
    if (byte === quote && !isEscaped) isString = !isString;
    isEscaped = byte === backslash && !isEscaped;
    at += isText ? length : 1;
  }
}

function isRecord(bytes: Buffer): boolean {
  // Most torn lines show it at their ends, and whole ones are found whole by skimming: neither needs the line as a string.
  const start = bytes.findIndex((byte) => byte > space);
  if (bytes[start] !== openBrace || bytes.findLast((byte) => byte > space) !== closeBrace) return false;
  skim.over(bytes);
  try {
    if (skim.skim(start, bytes.length))
      return typeof skim.value(0) === "string" || typeof skim.value(1) === "string" || skim.has(2);
  } finally {
    skim.release();
  }
  const value = parseJson(bytes.toString("latin1"));
  if (!isJsonObject(value)) return false;
  return typeof value["type"] === "string" || typeof value["record_type"] === "string" || "id" in value;
}

const skim = new JsonSkim(["type", "record_type", "id"]);

function isBlankOrNul(bytes: Buffer): boolean {
  return bytes.every((byte) => byte <= space);
}
