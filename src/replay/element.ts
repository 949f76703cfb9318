import type { ItemRecord } from "../session/event.ts";
import { type Edit, noteEdits, shortCallId, unknownOutcome, type ValueRange } from "./pair.ts";

/** How an item is sent; none of them: it is left out. */
export const flag = {
  sent: 1,
  /** Without its item id. */
  detached: 2,
  /** A call that is followed by an answer in place of the output that it doesn't have. */
  answered: 4,
  /** An output without a call, as a message. */
  note: 8,
  /** With a shorter call id. */
  shortened: 16,
} as const;

/** A projection as it is written: items by index, their order, how each is sent, and what was looked up in their bytes. */
export interface ProjectedItems {
  readonly items: readonly ItemRecord[];
  readonly order: Int32Array;
  readonly flags: Uint8Array;
  readonly ranges: ReadonlyMap<number, ValueRange | undefined>;
  readonly callIdLimit: number;
}

const encoder = new TextEncoder();
const nothing = new Uint8Array(0);
const none: readonly Edit[] = [];

/** The call id as it is sent. */
export function sentCallId(call: string | undefined, limit: number): string {
  if (call === undefined) return "";
  return call.length > limit ? shortCallId(call, limit) : call;
}

/** The changes to an item's stored bytes, in order. */
export function editsOf(
  record: ItemRecord,
  flags: number,
  range: ValueRange | undefined,
  callIdLimit: number,
): readonly Edit[] {
  const { cut, call } = record.event;
  if ((flags & flag.note) !== 0) return noteEdits(call, record.body.length, range);
  const edits: Edit[] = [];
  if ((flags & flag.detached) !== 0 && cut) edits.push({ from: cut[0], to: cut[1], bytes: nothing });
  if ((flags & flag.shortened) !== 0 && range) {
    const bytes = encoder.encode(JSON.stringify(sentCallId(call, callIdLimit)));
    edits.push({ from: range.start, to: range.end, bytes });
  }
  if (edits.length === 0) return none;
  return edits.sort((left, right) => left.from - right.from);
}

/** The answer that follows a call without output. */
export function answerTo(record: ItemRecord, callIdLimit: number): Uint8Array {
  return unknownOutcome(record.event.kind, sentCallId(record.event.call, callIdLimit));
}

const answerOverhead = new Map<string, number>();

/** Length of `answerTo` without making it: nearly every call is answered for a moment, until its output comes. */
function answerLength(record: ItemRecord, callIdLimit: number): number {
  const { kind, call = "" } = record.event;
  if (call.length > callIdLimit || !/^[\w-]*$/u.test(call)) return answerTo(record, callIdLimit).length;
  let overhead = answerOverhead.get(kind);
  if (overhead === undefined) answerOverhead.set(kind, (overhead = unknownOutcome(kind, "").length));
  return overhead + call.length;
}

/** Bytes of an item as it is sent, with its answer, and the comma before that. */
export function sizeOf(
  record: ItemRecord,
  flags: number,
  range: ValueRange | undefined,
  callIdLimit: number,
): number {
  if ((flags & flag.sent) === 0) return 0;
  let size = record.body.length;
  if (flags === (flag.sent | flag.detached))
    return record.event.cut ? size - (record.event.cut[1] - record.event.cut[0]) : size;
  for (const { from, to, bytes } of editsOf(record, flags, range, callIdLimit))
    size += bytes.length - (to - from);
  if ((flags & flag.answered) !== 0) size += answerLength(record, callIdLimit);
  return size;
}
