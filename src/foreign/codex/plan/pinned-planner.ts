import { missingBefore, type Pin, type Pinned, placeOfPin } from "../examine/descendants.ts";
import { type Edit, shiftOf } from "./edit.ts";
import type { EditedFile, LineHead } from "./edited-file.ts";
import type { Examination } from "../examine/examination.ts";
import type { PlanOptions } from "./plan-options.ts";
import { type Span, startsOf } from "../rollout/bytes/lines.ts";
import { ended, spaces } from "./line-bytes.ts";

const newline = 0x0a;
const noBytes = Buffer.alloc(0);
const countMark = Buffer.from('"type":"event_msg","payload":{"type":"token_count"');

/**
 * Filters edits for a file with a pin. What stands before the pin may move only where bytes are missing there, or too many, and only so
 * far, filled up with spaces, so that the pin is right again; otherwise those edits are dropped. `edits` must give the same ones each
 * time.
 */
export function* pinned(edits: () => Iterable<Edit>, found: Pinned, pin: Pin): Generator<Edit, undefined> {
  const place = placeOfPin(pin, found);
  const isMoving = (edit: Edit): boolean => shiftOf(edit) !== 0 && edit.at <= place && edit.at < pin.offset;
  let room = pin.offset - place;
  let [nth, last] = [0, -1];
  for (const edit of edits()) {
    if (isMoving(edit)) {
      room -= shiftOf(edit);
      if (edit.bytes !== "blank" && edit.bytes.at(-1) === newline) last = nth;
    }
    nth++;
  }
  const isLeftOut = room < 0 || (room > 0 && last < 0);
  nth = 0;
  for (const edit of edits()) {
    const isFilled = nth++ === last && room > 0;
    if (isFilled && edit.bytes !== "blank") {
      const bytes = ended(Buffer.concat([edit.bytes.subarray(0, -1), spaces(room)]));
      yield { ...edit, bytes };
    } else if (!isLeftOut || edit.kind === "segment-long" || !isMoving(edit)) yield edit;
  }
  return undefined;
}

/** Brings the place at which another file goes on back to the offset that the other file names. */
export class PinnedPlanner {
  readonly #found: Examination;
  readonly #pin: Pin | undefined;
  readonly #file: EditedFile;

  constructor(found: Examination, { pin }: PlanOptions, file: EditedFile) {
    this.#found = found;
    this.#pin = pin;
    this.#file = file;
  }

  /** Where bytes are missing before the pin, puts in spaces. */
  stretched(): Edit[] {
    const pin = this.#pin;
    const missing = pin === undefined ? 0 : missingBefore(pin, this.#found);
    if (pin === undefined || missing <= 0) return [];
    const bytes = ended(spaces(missing - 1));
    const says = "what is gone becomes spaces, so that the file that goes on from it does so where it did";
    const at = pin.offset - missing;
    return [this.#file.insert({ index: this.#linesBefore(at), at, bytes: 0 }, "segment-short", says, bytes)];
  }

  #linesBefore(offset: number): number {
    let lines = 0;
    for (const { at } of this.#file.lines()) {
      if (at >= offset) break;
      lines++;
    }
    return lines;
  }

  /**
   * Where there are too many bytes before the pin, takes out what carries nothing: carriage returns, blank lines, spaces before a record.
   * Where that isn't enough, because a record itself became longer, also token counts that a later one has replaced.
   */
  *shrunk(): Generator<Edit, undefined> {
    const excess = this.#pin === undefined ? 0 : -missingBefore(this.#pin, this.#found);
    if (excess <= 0) return undefined;
    let [returns, blanks, fits] = [0, 0, false];
    for (const line of this.#before()) {
      if (line.ending === 2) returns++;
      else {
        blanks += removable(line);
        fits ||= removable(line) === excess;
      }
    }
    const says = "what stands after it moves back to where another file goes on";
    if (returns > 0 && returns <= excess) {
      for (const { index, at, bytes, ending } of this.#before())
        if (ending === 2) yield this.#gone({ index, at: at + bytes, bytes: 1 }, says);
      return undefined;
    }
    const mark = this.#found.head === "byte-order-mark" ? 3 : 0;
    let left = excess;
    if (!fits && blanks + mark < excess) {
      const counts = this.#withoutCounts(excess - blanks - mark);
      if (counts.length === 0) return undefined;
      yield* counts;
      left = blanks + mark;
    }
    if (!fits && mark > 0) {
      yield this.#gone({ index: 0, at: 0, bytes: mark }, says);
      left -= mark;
    }
    for (const line of this.#before()) {
      const own = removable(line);
      if (own === 0 || line.ending === 2 || left <= 0 || (fits && own !== excess)) continue;
      const { index, at } = line;
      const taken = Math.min(own, left);
      yield this.#gone({ index, at, bytes: taken }, says);
      left -= taken;
    }
    return undefined;
  }

  /** Empty where removing token counts isn't enough. */
  #withoutCounts(excess: number): Edit[] {
    const says =
      "a count of tokens that a later one has replaced makes room, so that a fork goes on where it did";
    const counts: LineHead[] = [];
    for (const line of this.#before())
      if (line.indent === 0 && line.head.includes(countMark)) counts.push(line);
    counts.pop();
    let left = excess;
    const edits: Edit[] = [];
    for (const { index, at, bytes, ending } of counts) {
      if (left === 0) break;
      const own = bytes + ending;
      const taken = left >= own ? own : Math.min(bytes, left);
      const place = { index, at, bytes: taken === own ? own : bytes };
      left -= taken;
      edits.push(this.#file.replace(place, "segment-long", says, spaces(place.bytes - taken)));
    }
    return left > 0 ? [] : edits;
  }

  #gone(place: Span, says: string): Edit {
    return this.#file.replace(place, "segment-long", says, noBytes);
  }

  /** The lines before the pin's record. */
  *#before(): Generator<LineHead, undefined> {
    const place = this.#pin === undefined ? 0 : placeOfPin(this.#pin, this.#found);
    // In a repair these are spaces by now; a doctor's look comes before any repair.
    const { bad, doubled, headersAgain } = this.#found;
    const nothing = startsOf(bad.items, doubled.spans, headersAgain.items);
    for (const line of this.#file.lines()) {
      if (line.at >= place) return undefined;
      yield nothing.has(line.at) ? { ...line, head: noBytes } : line;
    }
    return undefined;
  }
}

/** Bytes at the beginning of a line that carry nothing: of a blank line all of them. */
function removable({ bytes, ending, indent, head }: LineHead): number {
  return head.length === 0 ? bytes + ending : indent;
}
