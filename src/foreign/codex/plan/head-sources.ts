import { type JsonObject, stringOf } from "../../../lib/json.ts";
import type { Examination } from "../examine/examination.ts";
import { longestExamined } from "../examine/examine.ts";
import { readRolloutName } from "../home/places.ts";
import { glance } from "../rollout/record/glance.ts";
import { linesIn } from "../rollout/bytes/lines.ts";
import { readRecord } from "../rollout/record/record.ts";
import { folderTold, tellsFolder } from "../rollout/record/told-folder.ts";
import { fittingMembers, isCopiedHeader } from "../rollout/record/whole-header.ts";
import type { EditedFile } from "./edited-file.ts";
import type { PlanOptions } from "./plan-options.ts";
import type { HeadSources } from "./rebuild-head.ts";

/** Gathers what tells of a lost first line. `broken` is what is left of it, `own` its payload where that can be read. */
export function headSources(
  { laterHeaders, ordinals, first }: Examination,
  { path, row, provider, base }: PlanOptions,
  file: EditedFile,
  { broken, own }: { broken: Buffer | undefined; own: JsonObject | undefined },
): HeadSources {
  // Only a copy of this thread's own header will do: the second line of a fork is its parent's.
  const named = readRolloutName(path)?.thread;
  const copy = laterHeaders
    .map((span) => file.record(span)?.payload)
    .find((payload) => named === undefined || stringOf(payload?.["id"]).toLowerCase() === named);
  const next = first ? first.at + (broken ? first.bytes : 0) : 0;
  const records = linesIn(file.read(next, 2 ** 20))
    .map(readRecord)
    .filter((record) => record.readable);
  const timestamp = records.find(({ at }) => at !== undefined)?.at;
  const copied = records.find((record) => record.type === "session_meta" && isCopiedHeader(record, named));
  return {
    path,
    broken,
    own: own && fittingMembers(own),
    copy: copy && fittingMembers(copy),
    row,
    provider,
    base,
    folder: folderIn(file),
    firstTimestamp: timestamp === undefined ? undefined : new Date(timestamp).toISOString(),
    isBare: records.find(({ type, kind }) => type === "response_item" && kind !== undefined)?.era === "bare",
    isPaginated: ordinals.next !== undefined,
    firstOrdinal: records.find(({ ordinal }) => ordinal !== undefined)?.ordinal,
    parent: copied && { header: copied.payload, ownFrom: ownFrom(file, named) },
  };
}

/** The ordinal of the first line that names this thread: what it took along from its parent's names none. */
function ownFrom(file: EditedFile, thread: string | undefined): number | undefined {
  const named = `"thread_id":"${thread}"`;
  for (const line of file.lines()) {
    if (line.bytes > longestExamined || !line.head.includes(named)) continue;
    const record = file.record(line);
    if (record?.type === "event_msg" && record.payload["thread_id"] === thread) return record.ordinal;
  }
  return undefined;
}

/** The working folder that the lines name first. */
function folderIn(file: EditedFile): string | undefined {
  for (const line of file.lines()) {
    const glanced = line.bytes > longestExamined ? undefined : glance(line.head);
    if (glanced === undefined || !tellsFolder(glanced)) continue;
    const record = file.record(line);
    const folder = record && folderTold(record);
    if (folder !== undefined) return folder;
  }
  return undefined;
}
