import { closeSync, openSync, readSync } from "node:fs";
import { glance } from "./glance.ts";
import { type HistoryBase, readHeader } from "./header.ts";
import { linesIn, rolloutLines } from "./lines.ts";
import { homeOf, listRollouts, readRolloutName, type RolloutFile } from "./places.ts";
import { readRecord } from "./record.ts";

const longestHeader = 2 ** 20;

/** Where another segment of a thread goes on from this file: what stands before keeps its place. */
export interface Pin {
  readonly offset: number;
  /** Of the first record that is cut off. */
  readonly ordinal?: number;
}

/**
 * The last place in this file at which another segment of its thread goes on: those of a reverted thread (0.159 and later) name the byte and
 * the ordinal at which they cut the one before them off. `undefined` where none does.
 */
export function pinOf(path: string): Pin | undefined {
  const [own, home] = [readRolloutName(path), homeOf(path)];
  if (!own || home === undefined) return undefined;
  const pins = segmentsBeside(path).flatMap((file): Pin[] => {
    const base = firstHeader(file.path)?.historyBase;
    if (base?.rollout.toLowerCase() !== own.rollout || base.endOffset === undefined) return [];
    const { endOffset: offset, endOrdinal: ordinal } = base;
    return [{ offset, ...(ordinal !== undefined && { ordinal }) }];
  });
  return pins.toSorted((a, b) => b.offset - a.offset)[0];
}

/**
 * How many bytes are missing before the pin: its record stands so far before its place, or, where that record is gone, the file ends so far
 * before it. Not more than 0: none.
 */
export function missingBefore({ offset, ordinal }: Pin, { bytes, placeOf }: Pinned): number {
  return offset - ((ordinal === undefined ? undefined : placeOf(ordinal)) ?? bytes);
}

/** What has to be known of a file that another one goes on from. */
export interface Pinned {
  readonly bytes: number;
  placeOf(ordinal: number): number | undefined;
}

/** The other plain files of the thread. */
function segmentsBeside(path: string): RolloutFile[] {
  const [own, home] = [readRolloutName(path), homeOf(path)];
  if (!own || home === undefined) return [];
  return listRollouts(home).filter(
    ({ thread, rollout, form }) => thread === own.thread && rollout !== own.rollout && form === "jsonl",
  );
}

/**
 * What a segment goes on from, when its first line doesn't say it any more: its lines have the ordinals behind those of the file before it.
 * Of several files that reach so far it is the one that was begun last. `undefined` for what is no segment, and where there is no such file.
 */
export async function lostBase(path: string, head: "broken" | "missing"): Promise<HistoryBase | undefined> {
  const own = readRolloutName(path);
  if (!own || own.rollout === own.thread) return undefined;
  const endOrdinal = await ordinalOfHeader(path, head);
  if (endOrdinal === undefined || endOrdinal === 0) return undefined;
  const before = segmentsBeside(path)
    .filter(({ rollout }) => rollout < own.rollout)
    .toSorted((a, b) => (a.rollout < b.rollout ? 1 : -1));
  for (const file of before) {
    const endOffset = await offsetBehind(file.path, endOrdinal);
    if (endOffset !== undefined) return { rollout: file.rollout, endOrdinal, endOffset };
  }
  return undefined;
}

/** Of the line that was the first one: so many before the first line that has an ordinal still. */
async function ordinalOfHeader(path: string, head: "broken" | "missing"): Promise<number | undefined> {
  for await (const lines of rolloutLines(path)) {
    for (const { bytes, index } of lines) {
      const ordinal = glance(bytes)?.ordinal;
      if (ordinal !== undefined) return Math.max(0, ordinal - index - (head === "missing" ? 1 : 0));
    }
  }
  return undefined;
}

/** The offset of the first line that has this ordinal or a higher one; of the file's end, where it ends right before. */
async function offsetBehind(path: string, ordinal: number): Promise<number | undefined> {
  let reached = -1;
  let end = 0;
  for await (const lines of rolloutLines(path)) {
    for (const line of lines) {
      const own = glance(line.bytes)?.ordinal;
      if (own !== undefined && own >= ordinal) return reached < 0 ? undefined : line.offset;
      reached = Math.max(reached, own ?? -1);
      end = line.offset + line.length + line.ending.length;
    }
  }
  return reached === ordinal - 1 ? end : undefined;
}

/** The header that a rollout begins with, if its first line can be read. */
export function firstHeader(path: string): ReturnType<typeof readHeader> {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(longestHeader);
    const [line] = linesIn(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)));
    const record = line && readRecord(line);
    return record?.readable ? readHeader(record.payload) : undefined;
  } finally {
    closeSync(fd);
  }
}
