import { parseJson } from "../lib/json.ts";
import { crashPoint } from "../lib/fault.ts";
import { bytesPerToken, shadowNotice } from "../recovery/room.ts";
import type { ItemRecord, NewEvent } from "../session/event.ts";
import { advance, createHistory } from "../session/history.ts";
import { describeItem, isCallKind, isOutputKind, itemText } from "../session/item.ts";
import { type TranscriptEntry, transcriptEntry, writeTranscript } from "../session/transcript.ts";
import type { Compacting } from "../turn/compactor.ts";
import { readItems } from "../turn/read-items.ts";
import { carriedOn, summaryItem } from "./summary.ts";

/** Tokens of the text that takes a sealed compaction's place. */
const shadowTokens = 20_000;

const nothingLeft =
  "(The log holds nothing visible of it: what the conversation was about until here is not known. Ask the person, or look at the workspace.)";

/**
 * Puts a text in the place of each sealed compaction that isn't sent to this provider, because another issuer sealed it or because it was
 * refused, and whose conversation isn't in the window (B2). The text is made from what is visible in the log before it, without a request.
 */
export async function shadowSealed(session: Compacting): Promise<void> {
  const { journal } = session;
  const found = lastSealedCompaction(journal.history.items);
  if (!found || isSent(session, found)) return;
  const { items } = journal.history;
  const at = items.indexOf(found);
  if (items.slice(0, at).some(isVisible)) return;
  const { event } = found;
  const keepFrom = event.type === "history-compacted" ? event.keepFrom : event.seq + 1;
  const { entries, context } = await visibleBefore(session, found, keepFrom);
  const text = entries.length === 0 ? nothingLeft : writeTranscript(entries, shadowTokens * bytesPerToken);
  const item = summaryItem({ context, kind: "shadow", text });
  const facts = describeItem(item);
  if (!facts) throw new Error("a shadow is an item");
  const count = entries.length;
  const notice = shadowNotice(count);
  const compacted: NewEvent = { type: "history-compacted", ...facts, keepFrom, count, notice };
  await journal.append({ event: compacted, item });
  crashPoint("compaction-appended");
  session.observe({ type: "repaired", notice, rung: 0, count: 1 });
}

/** Compactions that only their provider can read (Responses API, `/responses/compact` and Codex 0.73 to 0.169). */
const sealedKinds: ReadonlySet<string> = new Set(["compaction", "compaction_summary"]);

function lastSealedCompaction(items: readonly ItemRecord[]): ItemRecord | undefined {
  return items.findLast(({ event }) => sealedKinds.has(event.kind));
}

function isSent(session: Compacting, { event: { seq } }: ItemRecord): boolean {
  for (const entry of session.project().report()) if (entry.seq === seq) return false;
  return true;
}

/** What tells of the conversation: what people and models said, and what tools did. */
function isVisible({ event }: ItemRecord): boolean {
  return (
    isCallKind(event.kind) ||
    isOutputKind(event.kind) ||
    (event.kind === "message" && event.role !== "developer")
  );
}

interface Before {
  readonly entries: readonly TranscriptEntry[];
  readonly context: readonly string[];
}

/** What the window held before the compaction, as the log tells it, apart from what it still holds. */
async function visibleBefore(session: Compacting, sealed: ItemRecord, keepFrom: number): Promise<Before> {
  const before = createHistory();
  await session.store.read(session.journal.log.id, {
    record: (record) => {
      if (record.event.seq < sealed.event.seq) advance(before, record);
    },
  });
  const entries: TranscriptEntry[] = [];
  const context: string[] = [];
  const gone = before.items.filter(({ event }) => event.seq < keepFrom);
  await readItems(session.journal.log, gone, (record, item) => {
    const { event } = record;
    if (event.type === "history-compacted") context.push(...carriedOn(item).context);
    if (event.kind === "message" && event.role === "developer") {
      context.push(itemText(parseJson(new TextDecoder().decode(item))));
      return;
    }
    const entry = transcriptEntry(record, item);
    if (entry) entries.push(entry);
  });
  return { entries, context };
}
