import { crashPoint } from "../lib/fault.ts";
import { shadowNotice } from "../recovery/room.ts";
import type { ItemRecord } from "../session/event.ts";
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
  /** Sealed compactions that need no text in their place, or have one. */
  readonly #settled = new WeakSet<ItemRecord>();
  // The window as far as it was looked at, and its last sealed compaction.
  #items: readonly ItemRecord[] = [];
  #looked = 0;
  #last: ItemRecord | undefined;

  constructor(runtime: Runtime, journal: () => Journal, requests: Requests) {
    this.#runtime = runtime;
    this.#journal = journal;
    this.#requests = requests;
  }

  /** To be asked before every attempt. */
  async put(): Promise<void> {
    const { store, observe } = this.#runtime;
    const journal = this.#journal();
    const { log, history } = journal;
    const { items } = history;
    const found = this.#lastOf(items);
    if (!found || this.#settled.has(found) || this.#isSent(found)) return;
    this.#settled.add(found);
    const bodies: Bodies = (refs) => log.bodies(refs);
    const shadow = await shadowOf({ store, id: log.id, bodies }, items, found);
    if (!shadow) return;
    const item = shadowItem(shadow);
    const facts = describeItem(item);
    if (!facts) throw new Error("a shadow is an item");
    const { keepFrom, count } = shadow;
    const notice = shadowNotice(count);
    await journal.append({ event: { type: "history-compacted", ...facts, keepFrom, count, notice }, item });
    crashPoint("compaction-appended");
    observe({ type: "repaired", class: "sealed-compaction-rejected", notice, rung: 0, count: 1 });
  }

  #isSent({ event: { seq } }: ItemRecord): boolean {
    for (const entry of this.#requests.projected().report()) if (entry.seq === seq) return false;
    return true;
  }

  /** The window's last sealed compaction. Each item is looked at once, until any have left the window, which is another array then. */
  #lastOf(items: readonly ItemRecord[]): ItemRecord | undefined {
    if (items !== this.#items) [this.#items, this.#looked, this.#last] = [items, 0, undefined];
    for (; this.#looked < items.length; this.#looked++) {
      const record = items[this.#looked]!;
      if (isSealedCompaction(record)) this.#last = record;
    }
    return this.#last;
  }
}
