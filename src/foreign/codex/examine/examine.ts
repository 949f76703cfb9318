import { closeSync, fstatSync, openSync } from "node:fs";
import { isCompressed, packingOf } from "../rollout/bytes/compressed.ts";
import type { Examination } from "./examination.ts";
import { Examiner } from "./examiner.ts";
import { oldDocument, type Writing, writingOf } from "../rollout/file/layout.ts";
import { glance } from "../rollout/record/glance.ts";
import { type RolloutLine, rolloutLines } from "../rollout/bytes/lines.ts";
import { mayHoldRecords } from "../rollout/file/may-hold-records.ts";

/** Options of `examine`; each may be left out. */
export interface ExamineOptions {
  /** The rollout's own path, where `path` is that of a copy. */
  readonly named?: string;
  /** Called after each batch of lines, with the bytes read so far. */
  onBytes?(read: number): void;
  signal?: AbortSignal;
}

/** Longer lines are checked piece by piece, and only their heads are parsed. It bounds the memory that an examination takes. */
export const longestExamined = 32_000_000;

/** So many first lines of a file that holds no record are examined: enough to tell whose it is. */
const enough = 1_000;

const isRecord = (line: RolloutLine | undefined): boolean =>
  line !== undefined && glance(line.bytes) !== undefined;

/**
 * Reads a rollout once, from its first byte to its last, and parses as little of it as can be (`lineSkim`). Never throws for what
 * is in it; memory is bounded whatever it holds. Nothing is written.
 */
export async function examine(path: string, options: ExamineOptions = {}): Promise<Examination> {
  const fd = isCompressed(path) ? undefined : openSync(path, "r");
  const examiner = new Examiner(path, fd, options.named ?? path);
  try {
    const given = { longest: longestExamined, onBroken: (why: string) => void (examiner.broken = why) };
    let layout: Writing["layout"] | undefined;
    let isLookedFor = false;
    let isFirst = true;
    for await (const batch of rolloutLines(path, given)) {
      options.signal?.throwIfAborted();
      if (isFirst && fd !== undefined && !isRecord(batch[0]) && !mayHoldRecords(path)) {
        examiner.batch(batch.slice(0, enough));
        examiner.bytes = fstatSync(fd).size;
        break;
      }
      isFirst = false;
      // A file whose records aren't in lines is not judged by its lines, of which there may be millions.
      if (layout === undefined) examiner.batch(batch);
      else examiner.pass(batch);
      if (!isLookedFor && examiner.isHeadless) layout = writingOf(path)?.layout;
      isLookedFor ||= examiner.isHeadless;
      options.onBytes?.(examiner.bytes);
    }
    const found = examiner.result();
    if (layout === undefined) return found.ofCodex ? found : { ...found, packing: packingOf(path) };
    return layout === oldDocument
      ? { ...found, ofCodex: true, head: "document" }
      : { ...found, ofCodex: false, layout };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
