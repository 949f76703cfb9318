import { crashPoint } from "../lib/fault.ts";
import { shadowNotice } from "../recovery/room.ts";
import { isSealedCompaction, shadowItem, shadowOf } from "../runtime/sealed-compaction.ts";
import type { ItemRecord, NewEvent } from "../session/event.ts";
import { describeItem } from "../session/item.ts";
import type { Bodies } from "../session/items.ts";
import type { Compacting } from "../turn/compactor.ts";

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
  seen.settled.add(found.event.seq);
  const { id } = journal.log;
  const bodies: Bodies = (refs) => journal.log.bodies(refs);
  const shadow = await shadowOf({ store: session.store, id, bodies }, items, found);
  if (!shadow) return;
  const item = shadowItem(shadow);
  const facts = describeItem(item);
  if (!facts) throw new Error("a shadow is an item");
  const { keepFrom, entries } = shadow;
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

function isSent(session: Compacting, { event: { seq } }: ItemRecord): boolean {
  for (const entry of session.project().report()) if (entry.seq === seq) return false;
  return true;
}
