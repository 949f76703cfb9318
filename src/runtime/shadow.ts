import { crashPoint } from "../lib/fault.ts";
import { shadowNotice } from "../recovery/room.ts";
import type { ItemRecord, NewEvent } from "../session/event.ts";
import { describeItem } from "../session/item.ts";
import type { Bodies } from "../session/items.ts";
import type { Runtime } from "./equipment.ts";
import type { Journal } from "../turn/journal.ts";
import type { Requests } from "./requests.ts";
import { isSealedCompaction, shadowItem, shadowOf } from "./sealed-compaction.ts";

/**
 * Puts a text in the place of a sealed compaction that isn't sent to this provider, because another issuer sealed it or because it was
 * refused (B2). The text is made from what is visible in the log before it, without a request. Where the window itself holds all of that,
 * nothing is missing and nothing is done.
 */
export class Shadows {
  readonly #runtime: Runtime;
  readonly #journal: () => Journal;
  readonly #requests: Requests;
  /** What was seen in the journal's log; a rotated session has another. */
  #seen = new SeenCompactions();
  #of: Journal | undefined;

  constructor(runtime: Runtime, journal: () => Journal, requests: Requests) {
    this.#runtime = runtime;
    this.#journal = journal;
    this.#requests = requests;
  }

  /** To be asked before every attempt. */
  async put(): Promise<void> {
    const journal = this.#journal();
    if (this.#of !== journal) [this.#of, this.#seen] = [journal, new SeenCompactions()];
    const { items } = journal.history;
    const found = this.#seen.last(items);
    if (!found || this.#seen.settled.has(found.event.seq) || this.#isSent(found)) return;
    this.#seen.settled.add(found.event.seq);
    const { id } = journal.log;
    const bodies: Bodies = (refs) => journal.log.bodies(refs);
    const shadow = await shadowOf({ store: this.#runtime.store, id, bodies }, items, found);
    if (!shadow) return;
    const item = shadowItem(shadow);
    const facts = describeItem(item);
    if (!facts) throw new Error("a shadow is an item");
    const { keepFrom, count } = shadow;
    const notice = shadowNotice(count);
    const compacted: NewEvent = { type: "history-compacted", ...facts, keepFrom, count, notice };
    await journal.append({ event: compacted, item });
    crashPoint("compaction-appended");
    const told = {
      type: "repaired",
      class: "sealed-compaction-rejected",
      notice,
      rung: 0,
      count: 1,
    } as const;
    this.#runtime.observe(told);
  }

  #isSent({ event: { seq } }: ItemRecord): boolean {
    for (const entry of this.#requests.projected().report()) if (entry.seq === seq) return false;
    return true;
  }
}

/**
 * Finds the window's last sealed compaction. Each item is looked at once, however often `last` is asked; when items have left the window
 * it begins anew.
 */
class SeenCompactions {
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
