import { headOf } from "../rollout/bytes/compressed.ts";
import type { Examination } from "./examination.ts";
import { firstHeader } from "../rollout/file/file-header.ts";
import type { HistoryBase } from "../rollout/record/header.ts";
import { homeOf, listRollouts, readRolloutName } from "../home/places.ts";
import { isSystemError } from "../../../lib/system.ts";

/** A place in a file at which another rollout goes on from it. What stands before a pin has to keep its place. */
export interface Pin {
  readonly offset: number;
  /** The ordinal of the first record that the other rollout leaves out. */
  readonly ordinal?: number;
}

/**
 * The last place in each rollout of a home at which another one goes on, by the rollout's id: the later files of a reverted thread and
 * forks (0.159 and later) name the byte and the ordinal at which they cut the one before them off.
 */
export function pinsIn(home: string): ReadonlyMap<string, Pin> {
  const pins = new Map<string, Pin>();
  for (const { path, form } of listRollouts(home)) {
    const base = form === "json" ? undefined : baseOf(path);
    if (base?.endOffset === undefined) continue;
    const { endOffset: offset, endOrdinal: ordinal, rollout } = base;
    if (offset > (pins.get(rollout)?.offset ?? -1))
      pins.set(rollout, { offset, ...(ordinal !== undefined && { ordinal }) });
  }
  return pins;
}

/** As `pinsIn`, of one file; `undefined` where none goes on from it. */
export function pinOf(path: string): Pin | undefined {
  const [own, home] = [readRolloutName(path), homeOf(path)];
  return own && home !== undefined ? pinsIn(home).get(own.rollout) : undefined;
}

/** What the rollout goes on from. Cheap: there may be tens of thousands to look at, most of which go on from nothing. */
function baseOf(path: string): HistoryBase | undefined {
  try {
    const head = headOf(path, heads);
    const end = head.indexOf(newline);
    const isNone = end >= 0 && !head.subarray(0, end).includes(baseMember);
    return isNone ? undefined : firstHeader(path)?.historyBase;
  } catch (error) {
    // What can't be read is reported when the file itself is examined.
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

const heads = Buffer.alloc(2 ** 16);
const baseMember = Buffer.from('"history_base"');
const newline = 0x0a;

/**
 * How many bytes are missing before the pin; negative where there are too many. The record at the pin stands so far before its place or,
 * where that record is gone, the file ends so far before it.
 */
export function missingBefore(pin: Pin, found: Pinned): number {
  return pin.offset - placeOfPin(pin, found);
}

/**
 * Where the first record that is left out stands now, as far as that can be told; otherwise the pin's own offset, or the end of a file
 * that ends before it.
 */
export function placeOfPin({ offset, ordinal }: Pin, { bytes, placeOf, ordinals, end }: Pinned): number {
  // Where ordinals go back, another record may have this one's.
  const place = ordinal === undefined || ordinals.regressed > 0 ? undefined : placeOf(ordinal);
  if (place !== undefined) return place;
  if (bytes < offset) return bytes;
  if (ordinals.regressed > 0) return offset;
  // Nothing was written after the pin: all records stand before it.
  const isAtEnd = ordinal !== undefined && ordinals.next === ordinal;
  return isAtEnd ? Math.max(offset, end) : offset;
}

/** What has to be known of a file that another one goes on from. */
export interface Pinned extends Pick<Examination, "bytes" | "placeOf" | "end"> {
  readonly ordinals: Pick<Examination["ordinals"], "regressed" | "next">;
}
