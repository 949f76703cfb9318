import { parseJson } from "../lib/json.ts";
import { crashPoint } from "../lib/fault.ts";
import { bytesPerToken, shadowNotice } from "../recovery/room.ts";
import { isItemRecord, type ItemRecord, type LogRecord, type NewEvent } from "../session/event.ts";
import { describeItem, isCallKind, isOutputKind, itemText } from "../session/item.ts";
import { type TranscriptEntry, transcriptEntry, writeTranscript } from "../session/transcript.ts";
import { itemsOf } from "../session/items.ts";
import type { Compacting } from "../turn/compactor.ts";
import { carriedOn, summaryItem } from "./summary.ts";

/** Tokens of the text that takes a sealed compaction's place. */
const shadowTokens = 20_000;

const nothingLeft =
  "(The log holds nothing visible of it: what the conversation was about until here is not known. Ask the person, or look at the workspace.)";

/**
 * Puts a text in the place of a sealed compaction that isn't sent to this provider, because another issuer sealed it or because it was
 * refused (B2). The text is made from what is visible in the log before it, without a request. Where the window itself holds all of that,
 * nothing is missing and nothing is done.
 */
export async function shadowSealed(session: Compacting, seen: SeenCompactions): Promise<void> {
  const { journal } = session;
  const { items } = journal.history;
  const found = seen.last(items);
  if (!found || seen.settled.has(found.event.seq) || isSent(session, found)) return;
  const { event } = found;
  seen.settled.add(event.seq);
  const keepFrom = event.type === "history-compacted" ? event.keepFrom : event.seq + 1;
  const before = await visibleBefore(session, event.seq, keepFrom);
  const inWindow = new Set(items.map((item) => item.event.seq));
  const isAllThere = before.every((record) => inWindow.has(record.event.seq));
  if (isAllThere && before.some((record) => isVisible(record) && !isAgain(record))) return;
  const { entries, context } = await readVisible(session, before);
  const text = entries.length === 0 ? nothingLeft : writeTranscript(entries, shadowTokens * bytesPerToken);
  const item = summaryItem({ context, kind: "shadow", text });
  const facts = describeItem(item);
  if (!facts) throw new Error("a shadow is an item");
  const count = entries.length;
  const notice = shadowNotice(count);
  const compacted: NewEvent = { type: "history-compacted", ...facts, keepFrom, count, notice };
  await journal.append({ event: compacted, item });
  crashPoint("compaction-appended");
  session.observe({ type: "repaired", class: "sealed-compaction-rejected", notice, rung: 0, count: 1 });
}

/**
 * Finds the window's last sealed compaction. Each item is looked at once, however often `last` is asked; when items have left the window
 * it begins anew.
 */
export class SeenCompactions {
  /** Sequence numbers of those that need no text in their place, or have one. */
  readonly settled = new Set<number>();
  #items: readonly ItemRecord[] = [];
  #looked = 0;
  #last: ItemRecord | undefined;

  /** The last sealed compaction of the window. */
  last(items: readonly ItemRecord[]): ItemRecord | undefined {
    if (items !== this.#items) {
      this.#items = items;
      this.#looked = 0;
      this.#last = undefined;
    }
    for (; this.#looked < items.length; this.#looked++) {
      const record = items[this.#looked]!;
      if (isSealedCompaction(record)) this.#last = record;
    }
    return this.#last;
  }
}

/** Compactions that only their provider can read (Responses API, `/responses/compact` and Codex 0.73 to 0.169). */
export function isSealedCompaction({ event: { kind } }: ItemRecord): boolean {
  return kind === "compaction" || kind === "compaction_summary";
}

function isSent(session: Compacting, { event: { seq } }: ItemRecord): boolean {
  for (const entry of session.project().report()) if (entry.seq === seq) return false;
  return true;
}

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
async function visibleBefore(session: Compacting, seq: number, keepFrom: number): Promise<ItemRecord[]> {
  let found: ItemRecord[] = [];
  let isTold = false;
  const take = (record: LogRecord): void => {
    const { event } = record;
    if (event.seq >= seq) return;
    if (event.type === "history-cleared") found = [];
    if (event.type === "history-rewound") found = found.filter((item) => item.event.seq < event.fromSeq);
    if (!isItemRecord(record)) return;
    // Another tool's compaction (history-replaced) repeats messages that stand before it in the log: they are counted once.
    if (isTold && isAgain(record)) return;
    isTold ||= isVisible(record) && !isAgain(record);
    if (event.type === "item-added" && (isVisible(record) || event.role === "developer")) found.push(record);
    if (event.type === "history-compacted" && !isSealedCompaction(record))
      found = [record, ...found.filter((item) => item.event.seq >= event.keepFrom)];
  };
  await session.store.read(session.journal.log.id, { record: take });
  return found.filter(({ event }) => event.seq < keepFrom || event.type === "history-compacted");
}

interface Visible {
  readonly entries: readonly TranscriptEntry[];
  readonly context: readonly string[];
}

async function readVisible(session: Compacting, records: readonly ItemRecord[]): Promise<Visible> {
  const entries: TranscriptEntry[] = [];
  const context: string[] = [];
  for await (const { record, item } of itemsOf(records, (refs) => session.journal.log.bodies(refs))) {
    const { event } = record;
    if (event.type === "history-compacted") context.push(...carriedOn(item).context);
    if (event.kind === "message" && event.role === "developer") {
      context.push(itemText(parseJson(new TextDecoder().decode(item))));
      continue;
    }
    const entry = transcriptEntry(record, item);
    if (entry) entries.push(entry);
  }
  return { entries, context };
}
