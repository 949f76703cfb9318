import { isJsonObject, parseJson, stringOf } from "../../../lib/json.ts";
import { isHolderKind } from "../../../session/item.ts";
import type { EditedFile } from "./edited-file.ts";
import type { Examination } from "../examine/examination.ts";
import { elementsIn, type LinePlace, memberIn } from "./line-places.ts";
import { isSummaryText } from "../rollout/payload/compaction.ts";
import { promptOf } from "../rollout/payload/prompt.ts";
import type { SealedBlob } from "../examine/sealed-blobs.ts";
import { type Replacement, withoutSeals } from "./seal-within.ts";

const chunk = 2 ** 25;
/** Characters of a message that are searched for. */
const enough = 100;
const space = 0x20;

/**
 * What becomes of a `compacted` line whose summary is taken out while the messages kept beside it stay: a replacement of the same length
 * for the part that holds what is sealed. `undefined` where the whole line can go, because the history before it is in the file and counts
 * again then. What the line says about each removed item goes too: 0.169 ignores a line in which the two lists differ in length (measured
 * 2026-11).
 */
export function keptBeside(blob: SealedBlob, file: EditedFile, found: Examination): Replacement | undefined {
  if (found.header?.historyBase !== undefined) return undefined;
  const line = file.bytes(blob);
  const payload = memberIn(line, 0, "payload");
  const history = payload && elementsIn(line, payload.at, "replacement_history");
  if (!history) return undefined;
  const items = history.map(({ at, length }) => parseJson(line.toString("utf8", at, at + length)));
  const kept = items.flatMap((item) => (isJsonObject(item) ? (promptOf(item) ?? []) : []));
  const first = kept.find((text) => text !== "" && !isSummaryText(text));
  if (first === undefined || isBefore(first, blob.at, file)) return undefined;
  const isSealed = items.map(
    (item) =>
      isJsonObject(item) &&
      typeof item["encrypted_content"] === "string" &&
      !isHolderKind(stringOf(item["type"])),
  );
  const said = elementsIn(line, payload.at, "replacement_history_metadata");
  const cuts = cutsOf(history, isSealed);
  if (said && said.length === history.length) cuts.push(...cutsOf(said, isSealed));
  const opened = withoutSeals(line);
  const start = Math.min(...cuts.map(([from]) => from), ...opened.map(({ at }) => at));
  const end = Math.max(...cuts.map(([, to]) => to), ...opened.map(({ at, bytes }) => at + bytes.length));
  const bytes = Buffer.from(line.subarray(start, end));
  for (const each of opened) each.bytes.copy(bytes, each.at - start);
  for (const [from, to] of cuts) bytes.fill(space, from - start, to - start);
  return { at: blob.at + start, bytes };
}

/** Byte ranges to cut to remove some of a list's elements, each with one comma as long as others stay. */
function cutsOf(list: readonly LinePlace[], goes: readonly boolean[]): [number, number][] {
  let hasKept = false;
  return list.flatMap(({ at, length }, nth): [number, number][] => {
    if (goes[nth] !== true) {
      hasKept = true;
      return [];
    }
    const before = list[nth - 1];
    if (before && hasKept) return [[before.at + before.length, at + length]];
    return [[at, list[nth + 1]?.at ?? at + length]];
  });
}

/** Whether a message's first words stand in the file before an offset. */
function isBefore(text: string, offset: number, file: EditedFile): boolean {
  const words = Buffer.from(JSON.stringify(text.slice(0, enough).toWellFormed()).slice(1, -1));
  for (let at = 0; at < offset; at += chunk) {
    const bytes = file.read(at, Math.min(chunk + words.length, offset - at));
    if (bytes.includes(words)) return true;
  }
  return false;
}
