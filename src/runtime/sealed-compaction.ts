import { parseJsonBytes } from "../lib/json.ts";
import { counted } from "../lib/words.ts";
import { bytesPerToken } from "../recovery/room.ts";
import { isItemRecord, type ItemRecord, type LogRecord } from "../session/event.ts";
import { isCallKind, isOutputKind, itemText } from "../session/item.ts";
import { type Bodies, itemsOf } from "../session/items.ts";
import { isSealedSummary } from "../session/seal.ts";
import { carriedOn, summaryItem } from "../session/summary-item.ts";
import { showable, type TranscriptEntry, transcriptEntry, writeTranscript } from "../session/transcript.ts";
import { beforeRewind, besideSummary, isSummary } from "../session/window.ts";
import type { SessionStore } from "../store.ts";

/** Bytes of the text that takes a sealed compaction's place: about 20,000 tokens. */
const shadowBytes = 20_000 * bytesPerToken;

const nothingLeft =
  "(The log holds nothing visible of it: what the conversation was about until here is not known. Ask the person, or look at the workspace.)";

/** A session's log, to be read again. */
export interface LoggedItems {
  readonly store: Pick<SessionStore, "read">;
  /** The session's. */
  readonly id: string;
  readonly bodies: Bodies;
}

/** What the log shows of what a sealed compaction stands for: for whoever can't send it, or must not lose it (B2). */
export interface Shadow extends Visible {
  /** The items before this sequence number are told in it. */
  readonly keepFrom: number;
}

/** What stands for the window's last sealed compaction; `undefined` where there is none, or the window itself holds all of that. */
export async function shadowIn(log: LoggedItems, items: readonly ItemRecord[]): Promise<Shadow | undefined> {
  const found = items.findLast(isSealedCompaction);
  return found && shadowOf(log, items, found);
}

/** As `shadowIn`, for this sealed compaction. */
export async function shadowOf(
  log: LoggedItems,
  items: readonly ItemRecord[],
  { event }: ItemRecord,
): Promise<Shadow | undefined> {
  const keepFrom = event.type === "history-compacted" ? event.keepFrom : event.seq + 1;
  const before = await visibleBefore(log, event.seq, keepFrom);
  const inWindow = new Set(items.map((item) => item.event.seq));
  const isAllThere = before.every((record) => inWindow.has(record.event.seq));
  if (isAllThere && before.some((record) => isVisible(record) && !isAgain(record))) return undefined;
  return { ...(await readVisible(log, before)), keepFrom };
}

/** The shadow's words. */
export function shadowText({ entries }: Shadow): string {
  return entries.length === 0 ? nothingLeft : writeTranscript(entries, shadowBytes);
}

/** The item that takes the place of what the shadow tells. */
export function shadowItem(shadow: Shadow): Uint8Array {
  return summaryItem({ context: shadow.context, kind: "shadow", text: shadowText(shadow) });
}

/** Whether the record is a compaction that only its provider can read. */
export const isSealedCompaction = ({ event: { kind } }: ItemRecord): boolean => isSealedSummary(kind);

/** A message that another tool's compaction repeats beside what it sealed. */
function isAgain({ event }: ItemRecord): boolean {
  return event.type === "item-added" && event.origin === "repair" && event.kind === "message";
}

/** What tells of the conversation: what people and models said, and what tools did. */
function isVisible({ event }: ItemRecord): boolean {
  return (
    isCallKind(event.kind) ||
    isOutputKind(event.kind) ||
    (event.kind === "message" && event.role !== "developer")
  );
}

/**
 * What the sealed compaction stands for, as the log tells it: everything visible before it that was neither cleared nor rewound, and for
 * what was summarised in words before, those words.
 */
async function visibleBefore(
  { store, id }: LoggedItems,
  seq: number,
  keepFrom: number,
): Promise<ItemRecord[]> {
  let found: ItemRecord[] = [];
  let isTold = false;
  const take = (record: LogRecord): void => {
    const { event } = record;
    if (event.seq >= seq) return;
    if (event.type === "history-cleared") found = [];
    if (event.type === "history-rewound") found = beforeRewind(found, event.fromSeq);
    if (!isItemRecord(record)) return;
    // Another tool's compaction (history-replaced) repeats messages that stand before it in the log: they are counted once.
    if (isTold && isAgain(record)) return;
    isTold ||= isVisible(record) && !isAgain(record);
    if (event.type === "item-added" && (isVisible(record) || event.role === "developer")) found.push(record);
    if (event.type === "history-compacted" && !isSealedCompaction(record))
      found = [record, ...besideSummary(found, event.keepFrom)];
  };
  await store.read(id, { record: take });
  return found.filter((item) => item.event.seq < keepFrom || isSummary(item));
}

interface Visible {
  readonly entries: readonly TranscriptEntry[];
  /** How many items they stand for. */
  readonly count: number;
  /** Context from the beginning of the session. */
  readonly context: readonly string[];
}

async function readVisible({ bodies }: LoggedItems, records: readonly ItemRecord[]): Promise<Visible> {
  const { records: shown, left, fitted } = showable(records, shadowBytes);
  const told = `(${counted(left, "earlier item")} left out here)`;
  const entries: TranscriptEntry[] = left > 0 ? [{ who: "before that", text: told, weight: "summary" }] : [];
  let count = left;
  const context: string[] = [];
  for await (const { record, item } of itemsOf(shown, bodies)) {
    const { event } = record;
    if (event.kind === "message" && event.role === "developer") {
      context.push(itemText(parseJsonBytes(item)));
      continue;
    }
    const entry = transcriptEntry(record, item);
    if (!entry) continue;
    if (entry.weight === "summary") context.push(...carriedOn(item).context);
    entries.push(fitted(entry));
    count++;
  }
  // Codex tells it anew with each resume: what it said last is what holds.
  return { entries, count, context: [...new Set(context.toReversed())].toReversed() };
}
