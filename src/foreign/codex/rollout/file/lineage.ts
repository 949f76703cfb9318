import { glance } from "../record/glance.ts";
import { headerOf } from "./file-header.ts";
import type { HistoryBase } from "../record/header.ts";
import type { LineOptions, RolloutLine } from "../bytes/lines.ts";
import { linesOf } from "./lines-of.ts";
import { leadsTo } from "../../home/misfits.ts";
import { readRolloutName, type RolloutFile } from "../../home/places.ts";

/** A file that a thread's history is read from, and how far. */
export interface Segment {
  readonly file: RolloutFile;
  /** Where a later segment goes on; absent for the last one, which is read to its end. */
  readonly until?: HistoryBase;
}

/** The files that a thread's history is read from. */
export interface Lineage {
  /** Oldest first. */
  readonly segments: readonly Segment[];
  /** Why the history before the first segment is not known. */
  readonly trouble?: string;
}

/** As many as Codex follows (0.169). */
export const mostSegments = 256;

/**
 * The files of a thread that was reverted, or forked in the paginated format: each begins where its `history_base` says that another one
 * is cut off. What is missing, goes round in a circle or is too long ends the chain, and the history begins there.
 */
export async function lineageOf(newest: RolloutFile, files: readonly RolloutFile[]): Promise<Lineage> {
  const segments: Segment[] = [{ file: newest }];
  const seen = new Set([newest.rollout]);
  for (let file = newest; ;) {
    const header = await headerOf(file.path);
    const base = header?.historyBase;
    if (!base && (header !== undefined || file.rollout === file.thread)) return { segments };
    if (!base)
      return {
        segments,
        trouble: `the first line of ${file.path}, which says what it goes on from, can't be read`,
      };
    const before = files.find(({ rollout }) => rollout === base.rollout);
    if (before === undefined)
      return { segments, trouble: `the rollout ${base.rollout} that ${file.path} continues is not there` };
    if (seen.has(before.rollout))
      return { segments, trouble: `${file.path} continues ${base.rollout}, which continues it` };
    if (segments.length >= mostSegments)
      return { segments, trouble: `${newest.path} continues more than ${mostSegments} rollouts` };
    seen.add(before.rollout);
    segments.unshift({ file: before, until: base });
    file = before;
  }
}

/**
 * The one of a thread's files (there has to be one) that Codex goes on with: the one that its state database names, if it is there, else the
 * one with the newest name, files that aren't archived first. Of equal names (a tree merged from two machines) the last path counts,
 * whenever the files were changed (measured with 0.139 to 0.169). One that is empty is none where another isn't, though Codex would fail of
 * it: sync programs leave such beside an archived session (openai/codex#39853).
 */
export function currentOf(files: readonly RolloutFile[], named?: string): RolloutFile {
  const known = named !== undefined && files.find(({ path }) => leadsTo(named, path));
  if (known) return known;
  const [first] = files.toSorted(
    (a, b) =>
      Number(a.bytes === 0) - Number(b.bytes === 0) ||
      (a.made === b.made ? 0 : a.made < b.made ? 1 : -1) ||
      Number(a.archived) - Number(b.archived) ||
      (a.path < b.path ? 1 : -1),
  );
  return first!;
}

/**
 * Whether a place that holds no file of this home means this file. One that names another of the thread's files (a reverted thread has
 * several) means that one where it is here, and else the one that Codex would go on with; `files`: those of the home.
 */
export function isMeantBy(named: string, path: string, files: () => readonly RolloutFile[]): boolean {
  const [own, told] = [readRolloutName(path), readRolloutName(named)];
  if (!own || told?.thread !== own.thread || told.rollout === own.rollout) return true;
  const thread = files().filter((file) => file.thread === own.thread);
  if (thread.length === 0) return true;
  const meant = thread.find((file) => file.rollout === told.rollout) ?? currentOf(thread);
  return meant.rollout === own.rollout;
}

/** The lines of a file, up to where another one goes on from it. */
export async function* linesUntil(
  path: string,
  until: HistoryBase | undefined,
  options: LineOptions = {},
): AsyncGenerator<RolloutLine[]> {
  for await (const lines of linesOf(path, options)) {
    const end = until ? lines.findIndex((line) => isPast(line, until)) : -1;
    if (end < 0) yield lines;
    else {
      yield lines.slice(0, end);
      return;
    }
  }
}

/** The ordinal decides where there is one: repairs and other programs move bytes, but keep the order of lines. */
function isPast(line: RolloutLine, { endOrdinal, endOffset }: HistoryBase): boolean {
  const ordinal = endOrdinal === undefined ? undefined : glance(line.bytes)?.ordinal;
  if (endOrdinal !== undefined && ordinal !== undefined) return ordinal >= endOrdinal;
  return endOffset !== undefined && line.offset >= endOffset;
}
