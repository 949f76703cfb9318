import { type JsonObject, parseJsonBytes } from "../lib/json.ts";
import type { ItemRecord } from "./event.ts";
import { callInput, isCallKind, isOutputKind, itemText } from "./item.ts";
import { byteLength, shorten } from "./shorten.ts";
import { isSummaryItem } from "./summary-item.ts";

/** A visible item in words. `weight`: what may be shortened first when room is short. */
export interface TranscriptEntry {
  /** In words: "person", "assistant calls NAME (CALL)". */
  readonly who: string;
  readonly text: string;
  readonly weight: "summary" | "words" | "tool";
}

/** An item as an entry; `undefined` for what nobody but a provider can read, and for empty messages. */
export function transcriptEntry({ event }: ItemRecord, item: Uint8Array): TranscriptEntry | undefined {
  const parsed = parseJsonBytes(item) as JsonObject | undefined;
  if (parsed === undefined) return undefined;
  const { kind, role, name = "", call = "" } = event;
  if (isCallKind(kind)) {
    return { who: `assistant calls ${name} (${call})`, text: callInput(parsed), weight: "tool" };
  }
  const text = itemText(parsed);
  if (text.trim() === "") return undefined;
  if (isOutputKind(kind)) return { who: `output of ${call}`, text, weight: "tool" };
  if (kind !== "message") return undefined;
  const isContext = event.type === "item-added" && event.context === true;
  // A fork and a successor hold a summary as context.
  if (event.type === "history-compacted" || (isContext && isSummaryItem(parsed)))
    return { who: "summary of what came before", text, weight: "summary" };
  const who = isContext ? "context" : role === "user" ? "person" : (role ?? "message");
  return { who, text, weight: "words" };
}

const limits = [32_768, 8_192, 2_048, 512, 128];
/** Messages are shortened to so many times as much as calls and outputs. */
const wordsFactor = 16;
/** An item's bytes are more than its words: items of so many times a transcript's bytes are enough for it. */
const enough = 16;

/** Those of some items that a transcript may show. */
export interface Showable {
  readonly records: readonly ItemRecord[];
  /** How many older ones are not among them. */
  readonly left: number;
  /** An entry with no more text than a transcript has room for. */
  fitted(entry: TranscriptEntry): TranscriptEntry;
}

/**
 * What a transcript of `budget` bytes may show of these items, as their lengths tell: a log may have gigabytes, and the rest of it need not
 * be read. Contexts and summaries are among them, however old.
 */
export function showable(records: readonly ItemRecord[], budget: number): Showable {
  const most = ({ event: { kind }, body }: ItemRecord, limit: number): number =>
    Math.min(body.length, isCallKind(kind) || isOutputKind(kind) ? limit : limit * wordsFactor);
  const total = (limit: number): number => records.reduce((sum, record) => sum + most(record, limit), 0);
  let room = budget * enough;
  const limit = limits.find((each) => total(each) <= room) ?? limits.at(-1)!;
  const kept = records.toReversed().filter((record) => {
    if (isLasting(record)) return true;
    room -= most(record, limit);
    return room >= 0;
  });
  return {
    records: kept.toReversed(),
    left: records.length - kept.length,
    fitted: (entry) => ({ ...entry, text: shorten(entry.text, limitOf(entry, limit)) }),
  };
}

const isLasting = ({ event }: ItemRecord): boolean =>
  event.type !== "item-added" || event.context === true || event.role === "developer";

/**
 * The entries as one text of at most about `budget` bytes: calls and outputs are shortened first, the longest most; then messages; then
 * the oldest entries are left out, apart from an earlier summary and the last one. What was left out is counted in its place.
 */
export function writeTranscript(entries: readonly TranscriptEntry[], budget: number): string {
  let sized: Sized[] = [];
  for (const limit of limits) {
    sized = entries.map((entry) => sizedBlock(entry, limitOf(entry, limit)));
    if (totalOf(sized) <= budget) return join(sized);
  }
  let total = totalOf(sized);
  let left = 0;
  let leftBytes = 0;
  const kept = sized.filter((block) => {
    if (total <= budget || block.weight === "summary" || block === sized.at(-1)) return true;
    total -= block.bytes;
    left++;
    leftBytes += block.bytes;
    return false;
  });
  const note = `[… ${left.toLocaleString("en-US")} entries of ${leftBytes.toLocaleString("en-US")} bytes left out here …]`;
  const at = kept.findLastIndex(({ weight }) => weight === "summary") + 1;
  return [
    ...kept.slice(0, at).map(({ block }) => block),
    note,
    ...kept.slice(at).map(({ block }) => block),
  ].join("\n\n");
}

interface Sized {
  readonly block: string;
  readonly bytes: number;
  readonly weight: TranscriptEntry["weight"];
}

const limitOf = ({ weight }: TranscriptEntry, limit: number): number =>
  weight === "tool" ? limit : limit * wordsFactor;

function sizedBlock({ who, text, weight }: TranscriptEntry, limit: number): Sized {
  const block = `[${who}]\n${shorten(text, limit)}`;
  return { block, bytes: byteLength(block) + 2, weight };
}

const totalOf = (blocks: readonly Sized[]): number => blocks.reduce((sum, { bytes }) => sum + bytes, 0);
const join = (blocks: readonly Sized[]): string => blocks.map(({ block }) => block).join("\n\n");
