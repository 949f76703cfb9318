import { closeSync, openSync, readSync } from "node:fs";
import { isCompressed, unpackedHead } from "../rollout/compressed.ts";
import type { Examination } from "./examine.ts";
import { glance, glancedTime } from "../rollout/glance.ts";
import { type HistoryBase, readHeader } from "../rollout/header.ts";
import { linesIn, rolloutLines } from "../rollout/lines.ts";
import { homeOf, listRollouts, readRolloutName, type RolloutFile, type RolloutName } from "../home/places.ts";
import { readRecord } from "../rollout/record.ts";
import { isSystemError } from "../../../lib/system.ts";

const longestHeader = 2 ** 20;

/** Where another rollout goes on from this file: what stands before keeps its place. */
export interface Pin {
  readonly offset: number;
  /** Of the first record that is cut off. */
  readonly ordinal?: number;
}

/**
 * The last place in each rollout of a home at which another one goes on, by the rollout's id: the later files of a reverted thread and forks
 * (0.159 and later) name the byte and the ordinal at which they cut the one before them off.
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

/** What the rollout goes on from. There may be tens of thousands to look at, most of which go on from nothing. */
function baseOf(path: string): HistoryBase | undefined {
  try {
    const head = headOf(path);
    const end = head.indexOf(newline);
    const isNone = end >= 0 && !head.subarray(0, end).includes(baseMember);
    return isNone ? undefined : firstHeader(path)?.historyBase;
  } catch (error) {
    // Doctor names what can't be read when it comes to it.
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** The first bytes of a rollout, or of what it unpacks to; void when those of another are asked for. */
function headOf(path: string): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = heads.subarray(0, readSync(fd, heads, 0, heads.length, 0));
    return isCompressed(path) ? unpackedHead(bytes) : bytes;
  } finally {
    closeSync(fd);
  }
}

const heads = Buffer.alloc(2 ** 16);
const baseMember = Buffer.from('"history_base"');
const newline = 0x0a;

/**
 * How many bytes are missing before the pin: its record stands so far before its place, or, where that record is gone, the file ends so far
 * before it. Less than 0: so many are too many.
 */
export function missingBefore(pin: Pin, found: Pinned): number {
  return pin.offset - placeOfPin(pin, found);
}

/** Where the first record stands that is cut off; its place as it is named, where that can't be told. */
export function placeOfPin({ offset, ordinal }: Pin, { bytes, placeOf, ordinals, end }: Pinned): number {
  // Where ordinals go back, that record may be another one.
  const place = ordinal === undefined || ordinals.regressed > 0 ? undefined : placeOf(ordinal);
  if (place !== undefined) return place;
  if (bytes < offset) return bytes;
  if (ordinals.regressed > 0) return offset;
  // Nothing was written behind the pin: all records stand before it.
  const isAtEnd = ordinal !== undefined && ordinals.next === ordinal;
  return isAtEnd ? Math.max(offset, end) : offset;
}

/** What has to be known of a file that another one goes on from. */
export type Pinned = Pick<Examination, "bytes" | "placeOf" | "ordinals" | "end">;

/** The other files of the home. */
function filesBeside(path: string): RolloutFile[] {
  const [own, home] = [readRolloutName(path), homeOf(path)];
  if (!own || home === undefined) return [];
  return listRollouts(home).filter(({ rollout, form }) => rollout !== own.rollout && form !== "json");
}

/** What other files tell of one whose first line is lost. */
export interface LostBase {
  /** What it goes on from. */
  readonly base?: HistoryBase;
  /** It goes on from nothing. Where neither is told it could be either, or several. */
  readonly isNone?: true;
  /** The folder in which the thread, or the one that it goes on from, was begun. */
  readonly folder?: string;
}

/**
 * What a file goes on from, when its first line doesn't say it any more: its lines have the ordinals behind those of the file before it. Of
 * the files of its thread that reach so far it is the one that was begun last. A fork's may be any file of the home that reaches so far and
 * has the same `preview`, as the state database shows it.
 */
export async function lostBase(
  path: string,
  head: "broken" | "missing",
  previewOf: (thread: string) => unknown,
): Promise<LostBase> {
  const own = readRolloutName(path);
  const files = filesBeside(path);
  const first = own && (await lostHeader(path, head));
  const base = first && first.ordinal > 0 ? await baseAmong(files, own, first, previewOf) : undefined;
  const isNone =
    first !== undefined && base === undefined && own?.rollout === own?.thread && isNothing(first);
  const kin = files.filter(({ thread, rollout }) => thread === own?.thread || rollout === base?.rollout);
  const [folder] = kin.flatMap(({ path: other }) => firstHeader(other)?.cwd ?? []);
  return {
    ...(base && { base }),
    ...(isNone && { isNone }),
    ...(folder !== undefined && { folder }),
  };
}

/** A turn has no fewer lines, so that nothing goes on behind fewer. */
const fewestBefore = 8;
/** A first line since there are ordinals, and the lines behind it, have at least so many bytes, as a rule. */
const [headerBytes, lineBytes] = [16_384, 400];

/** Whether the lines before the first one that can be read stood in this file: there are few, or bytes enough for them all. */
function isNothing({ ordinal, offset }: LostHeader): boolean {
  return ordinal < fewestBefore || offset >= headerBytes + ordinal * lineBytes;
}

async function baseAmong(
  files: readonly RolloutFile[],
  own: RolloutName | undefined,
  first: LostHeader,
  previewOf: (thread: string) => unknown,
): Promise<HistoryBase | undefined> {
  const { ordinal: endOrdinal } = first;
  const before = files
    .filter(({ thread, rollout }) => thread === own?.thread && rollout < own.rollout)
    .toSorted((a, b) => (a.rollout < b.rollout ? 1 : -1));
  for (const file of before) {
    const end = await endBefore(file.path, endOrdinal);
    if (end !== undefined) return { rollout: file.rollout, endOrdinal, endOffset: end.offset };
  }
  if (own?.rollout !== own?.thread) return undefined;
  const preview = own && previewOf(own.thread);
  const found: { base: HistoryBase; wasLast: boolean }[] = [];
  for (const { path: other, thread, rollout, made } of files) {
    if (preview === undefined || made > own!.made || previewOf(thread) !== preview) continue;
    const end = await endBefore(other, endOrdinal);
    if (end === undefined || end.written > first.written) continue;
    const wasLast = end.nextWritten === undefined || end.nextWritten > first.written;
    found.push({ base: { rollout, endOrdinal, endOffset: end.offset }, wasLast });
  }
  // As a rule a session is forked where it ends.
  const likely = found.length > 1 ? found.filter(({ wasLast }) => wasLast) : found;
  return likely.length === 1 ? likely[0]!.base : undefined;
}

/** The ordinal of the line that was the first one: so many before the first line that has one still; where that stands, and when it was written. */
interface LostHeader {
  readonly ordinal: number;
  readonly offset: number;
  readonly written: number;
}

async function lostHeader(path: string, head: "broken" | "missing"): Promise<LostHeader | undefined> {
  for await (const lines of rolloutLines(path)) {
    for (const { bytes, index, offset } of lines) {
      const glanced = glance(bytes);
      if (glanced?.ordinal === undefined) continue;
      const ordinal = Math.max(0, glanced.ordinal - index - (head === "missing" ? 1 : 0));
      return { ordinal, offset, written: glancedTime(bytes, glanced) ?? Infinity };
    }
  }
  return undefined;
}

/**
 * Where the first line stands that has this ordinal or a higher one (the file's end, where it ends right before), and when that and the one
 * before it were written, in milliseconds since 1970.
 */
async function endBefore(
  path: string,
  ordinal: number,
): Promise<{ offset: number; written: number; nextWritten?: number } | undefined> {
  let [reached, end, written] = [-1, 0, 0];
  for await (const lines of rolloutLines(path)) {
    for (const line of lines) {
      const glanced = glance(line.bytes);
      const own = glanced?.ordinal;
      const at = (glanced && glancedTime(line.bytes, glanced)) ?? 0;
      if (own !== undefined && own >= ordinal)
        return reached < 0 ? undefined : { offset: line.offset, written, nextWritten: at };
      if (own !== undefined && own > reached) [reached, written] = [own, at];
      end = line.offset + line.length + line.ending.length;
    }
  }
  return reached === ordinal - 1 ? { offset: end, written } : undefined;
}

/** The header that a rollout begins with, if its first line can be read. */
export function firstHeader(path: string): ReturnType<typeof readHeader> {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(longestHeader);
    const read = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
    const [line] = linesIn(isCompressed(path) ? unpackedHead(read) : read);
    const record = line && readRecord(line);
    return record?.readable ? readHeader(record.payload) : undefined;
  } finally {
    closeSync(fd);
  }
}
