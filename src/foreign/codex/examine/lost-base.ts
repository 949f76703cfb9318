import { glance, glancedTime } from "../rollout/glance.ts";
import type { HistoryBase } from "../rollout/header.ts";
import { linesOf } from "../rollout/lines-of.ts";
import { homeOf, listRollouts, readRolloutName, type RolloutFile, type RolloutName } from "../home/places.ts";
import { firstHeader } from "./descendants.ts";

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
  const isFirst = own?.rollout === own?.thread;
  const mayGoOn = first !== undefined && first.ordinal >= (isFirst ? fewestBefore : 1);
  const base = mayGoOn ? await baseAmong(files, own, first, previewOf) : undefined;
  const isNone = first !== undefined && base === undefined && isFirst && isNothing(first);
  const kin = files.filter(({ thread, rollout }) => thread === own?.thread || rollout === base?.rollout);
  const [folder] = kin.flatMap(({ path: other }) => firstHeader(other)?.cwd ?? []);
  return {
    ...(base && { base }),
    ...(isNone && { isNone }),
    ...(folder !== undefined && { folder }),
  };
}

/** A turn has no fewer lines, so that no other thread goes on behind fewer. */
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
  const before = files
    .filter(({ thread, rollout }) => thread === own?.thread && rollout < own.rollout)
    .toSorted((a, b) => (a.rollout < b.rollout ? 1 : -1));
  for (const file of before) {
    const end = await endBefore(file.path, first);
    if (end !== undefined) return baseAt(file, end);
  }
  if (own?.rollout !== own?.thread) return undefined;
  const preview = own && previewOf(own.thread);
  const found: { base: HistoryBase; wasLast: boolean }[] = [];
  for (const file of files) {
    const { path: other, thread, made } = file;
    if (preview === undefined || made > own!.made || previewOf(thread) !== preview) continue;
    const end = await endBefore(other, first);
    if (end === undefined || end.ordinal < fewestBefore) continue;
    const wasLast = end.nextWritten === undefined || end.nextWritten > first.written;
    found.push({ base: baseAt(file, end), wasLast });
  }
  // As a rule a session is forked where it ends.
  const likely = found.length > 1 ? found.filter(({ wasLast }) => wasLast) : found;
  return likely.length === 1 ? likely[0]!.base : undefined;
}

function baseAt({ rollout }: RolloutFile, { ordinal, offset }: End): HistoryBase {
  return { rollout, endOrdinal: ordinal, endOffset: offset };
}

/** So many lines may have become one with the first. */
const mostOverwritten = 16;

/** The ordinal of the line that was the first one: so many before the first line that has one still; where that stands, and when it was written. */
interface LostHeader {
  /** No lines became one with it: where it alone is gone its ordinal is this one. */
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
      const ordinal = Math.max(0, glanced.ordinal - index - (head === "missing" ? 1 : 0));
      const isExact = head === "missing";
      return { isExact, ordinal, offset, written: glancedTime(bytes, glanced) ?? Infinity };
    }
  }
  return undefined;
}

/** A place in a file at which another one may go on. */
interface End {
  /** Of the first line behind it. */
  readonly ordinal: number;
  readonly offset: number;
  /** When the lines before and behind it were written, in milliseconds since 1970. */
  readonly written: number;
  readonly nextWritten?: number;
  /** No turn goes on over it: one begins there, or the file ends. */
  readonly isBetween: boolean;
  /** No turn is under way there, or the thread's settings stand there, which Codex writes before a turn, also behind one that was killed. */
  readonly isQuiet: boolean;
}

const turnEnds: ReadonlySet<string> = new Set(["task_complete", "turn_complete", "turn_aborted"]);

/**
 * Where a file goes on from another one, that has the lines before this ordinal: behind these, where the ordinal is exact and a turn may begin
 * there. Where several lines became one when the first was overwritten it is one between two turns, or the file's end, some lines before.
 */
async function endBefore(path: string, first: LostHeader): Promise<End | undefined> {
  const { isExact, ordinal, written: since } = first;
  const ends: End[] = [];
  let [reached, end, written] = [-1, 0, 0];
  let isUnderWay = false;
  const add = (behind: Omit<End, "offset" | "written">, offset: number): void => {
    if (reached >= 0 && behind.ordinal > ordinal - mostOverwritten && written <= since)
      ends.push({ ...behind, offset, written });
  };
  reading: for await (const lines of linesOf(path)) {
    for (const line of lines) {
      const glanced = glance(line.bytes);
      const own = glanced?.ordinal;
      const at = (glanced && glancedTime(line.bytes, glanced)) ?? 0;
      if (own !== undefined && own > reached) {
        const isBetween = glanced?.kind === "task_started" || at > since;
        const isQuiet = !isUnderWay || glanced?.kind === "thread_settings_applied";
        add({ ordinal: Math.min(own, ordinal), nextWritten: at, isBetween, isQuiet }, line.offset);
        if (glanced?.kind === "task_started") isUnderWay = true;
        else if (turnEnds.has(glanced?.kind ?? "")) isUnderWay = false;
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
