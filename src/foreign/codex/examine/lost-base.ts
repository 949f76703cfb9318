import { glance, glancedTime } from "../rollout/record/glance.ts";
import { firstHeader } from "../rollout/file/file-header.ts";
import type { HistoryBase } from "../rollout/record/header.ts";
import { linesOf } from "../rollout/file/lines-of.ts";
import { turnEdge } from "../rollout/payload/outcome.ts";
import { homeOf, listRollouts, readRolloutName, type RolloutFile, type RolloutName } from "../home/places.ts";

/** What other files of the home tell about a file whose first line is lost. */
export interface LostBase {
  /** What it goes on from. */
  readonly base?: HistoryBase;
  /** It goes on from nothing. Where neither this nor `base` is set, it can't be told, or several files could be what it goes on from. */
  readonly isNone?: true;
  /** The working folder in which the thread, or the one that it goes on from, was begun. */
  readonly folder?: string;
}

/**
 * Tells what a file goes on from when its first line no longer says so, by ordinals: its lines follow those of the file before it. Of the
 * other files of its thread, that is the one begun last among those that reach so far. A fork may go on from any file of the home that
 * reaches so far and has the same `preview`, as the state database shows it (`previewOf`).
 */
export async function lostBase(
  path: string,
  head: "broken" | "missing",
  previewOf: (thread: string) => unknown,
): Promise<LostBase> {
  const [own, home] = [readRolloutName(path), homeOf(path)];
  if (!own) return {};
  const files = (home === undefined ? [] : listRollouts(home)).filter(
    ({ rollout, form }) => rollout !== own.rollout && form !== "json",
  );
  const first = await lostHeader(path, head);
  const isFirst = own.rollout === own.thread;
  const base = first && (await baseAmong(files, own, first, previewOf));
  const isNone = first !== undefined && base === undefined && isFirst && isNothing(first);
  const kin = files.filter(({ thread, rollout }) => thread === own.thread || rollout === base?.rollout);
  const [folder] = kin.flatMap(({ path: other }) => firstHeader(other)?.cwd ?? []);
  return {
    ...(base && { base }),
    ...(isNone && { isNone }),
    ...(folder !== undefined && { folder }),
  };
}

/** A turn has at least so many lines: no other thread goes on after fewer. */
const fewestBefore = 8;
/** Least usual size of a header (since there are ordinals) and of the lines after it, in bytes. */
const [headerBytes, lineBytes] = [16_384, 400];

/**
 * Whether the missing lines before the first readable one stood in this file, so that it goes on from nothing: they are few, or the bytes
 * before it are enough for all of them.
 */
function isNothing({ ordinal, offset }: LostHeader): boolean {
  return ordinal < fewestBefore || offset >= headerBytes + ordinal * lineBytes;
}

async function baseAmong(
  files: readonly RolloutFile[],
  own: RolloutName,
  first: LostHeader,
  previewOf: (thread: string) => unknown,
): Promise<HistoryBase | undefined> {
  const before = files
    .filter(({ thread, rollout }) => thread === own.thread && rollout < own.rollout)
    .toSorted((a, b) => (a.rollout < b.rollout ? 1 : -1));
  for (const file of before) {
    const end = await endBefore(file.path, first);
    if (end !== undefined) return baseAt(file, end);
  }
  if (own.rollout !== own.thread) return undefined;
  const preview = previewOf(own.thread);
  if (preview === undefined) return undefined;
  const found: { base: HistoryBase; wasLast: boolean }[] = [];
  for (const file of files) {
    const { path: other, thread, made } = file;
    if (made > own.made || previewOf(thread) !== preview) continue;
    const end = await endBefore(other, first);
    if (end === undefined || end.ordinal < fewestBefore) continue;
    const wasLast = end.nextWritten === undefined || end.nextWritten > first.written;
    found.push({ base: baseAt(file, end), wasLast });
  }
  // As a rule a session is forked where it ends.
  const [likely, ...others] = found.length > 1 ? found.filter(({ wasLast }) => wasLast) : found;
  return others.length === 0 ? likely?.base : undefined;
}

function baseAt({ rollout }: RolloutFile, { ordinal, offset }: End): HistoryBase {
  return { rollout, endOrdinal: ordinal, endOffset: offset };
}

/** At most so many lines may have become one with the first when it was overwritten. */
const mostOverwritten = 16;

/**
 * What is known of the lost first line: its ordinal (counted back from the first line that still has one), where that line stands, and
 * when it was written.
 */
interface LostHeader {
  /** No other line became one with it, so that the ordinal is exact. */
  readonly isExact: boolean;
  readonly ordinal: number;
  readonly offset: number;
  readonly written: number;
}

async function lostHeader(path: string, head: "broken" | "missing"): Promise<LostHeader | undefined> {
  for await (const lines of linesOf(path)) {
    for (const { bytes, index, offset } of lines) {
      const glanced = glance(bytes);
      if (glanced?.ordinal === undefined) continue;
      const isExact = head === "missing";
      const ordinal = glanced.ordinal - index - (isExact ? 1 : 0);
      return { isExact, ordinal, offset, written: glancedTime(bytes, glanced) ?? Infinity };
    }
  }
  return undefined;
}

/** A place in a file at which another one may go on. */
interface End {
  /** Ordinal of the first line after it. */
  readonly ordinal: number;
  readonly offset: number;
  /** When the line after it was written, in milliseconds since 1970. */
  readonly nextWritten?: number;
  /** No turn spans it: one begins there, or the file ends. */
  readonly isBetween: boolean;
  /**
   * No turn is under way there, or the thread's settings stand there, which Codex writes before a turn, also after one that was killed.
   */
  readonly isQuiet: boolean;
}

/**
 * Where in the file at `path` another one, whose first line is lost, may go on: after the line before that first line's ordinal. Where
 * the ordinal isn't exact, it is a place between two turns, or the end of the file, some lines earlier.
 */
async function endBefore(path: string, first: LostHeader): Promise<End | undefined> {
  const { isExact, ordinal, written: since } = first;
  const ends: End[] = [];
  let [reached, end, written] = [-1, 0, 0];
  let isUnderWay = false;
  const add = (found: Omit<End, "offset">, offset: number): void => {
    if (reached >= 0 && found.ordinal > ordinal - mostOverwritten && written <= since)
      ends.push({ ...found, offset });
  };
  reading: for await (const lines of linesOf(path)) {
    for (const line of lines) {
      const glanced = glance(line.bytes);
      const own = glanced?.ordinal;
      const at = (glanced && glancedTime(line.bytes, glanced)) ?? 0;
      if (own !== undefined && own > reached) {
        const edge = turnEdge(glanced?.kind);
        const isBetween = edge === "began" || at > since;
        const isQuiet = !isUnderWay || glanced?.kind === "thread_settings_applied";
        add({ ordinal: Math.min(own, ordinal), nextWritten: at, isBetween, isQuiet }, line.offset);
        if (edge) isUnderWay = edge === "began";
        [reached, written] = [own, at];
        if (own >= ordinal) break reading;
      }
      end = line.offset + line.length + line.ending.length;
    }
  }
  if (reached < ordinal) add({ ordinal: reached + 1, isBetween: true, isQuiet: true }, end);
  const exact = ends.find((one) => one.ordinal === ordinal);
  if (isExact && exact?.isQuiet === true) return exact;
  return ends.findLast(({ isBetween }) => isBetween) ?? exact;
}
