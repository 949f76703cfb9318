import { isItemRecord, type ItemRecord, type LogRecord } from "../session/event.ts";
import type { SessionStore } from "../store.ts";

const sealedKinds: ReadonlySet<string> = new Set(["compaction", "compaction_summary"]);

/**
 * The items of a session that a person can be shown, in order: those of the window, and, in place of a sealed summary, the items that it
 * stands for. Cleared and rewound items are not among them.
 */
export async function visibleItems(store: SessionStore, id: string): Promise<ItemRecord[]> {
  const visible = new Visible();
  await store.read(id, { record: (record) => visible.take(record) });
  return visible.end();
}

class Visible {
  #found: ItemRecord[] = [];
  /** The items before another tool's compaction, while the items that replace them are being read. */
  #before: ItemRecord[] | undefined;
  #isSealed = false;

  take(record: LogRecord): void {
    const { event } = record;
    if (event.type !== "item-added" || event.origin !== "repair") this.#settle();
    switch (event.type) {
      case "history-cleared":
        this.#found = [];
        break;
      case "history-rewound":
        this.#found = this.#found.filter((item) => item.event.seq < event.fromSeq);
        break;
      case "history-replaced":
        this.#before = this.#found;
        this.#isSealed = false;
        this.#found = [];
        break;
      case "history-compacted":
        if (isItemRecord(record) && !sealedKinds.has(event.kind))
          this.#found = [record, ...this.#found.filter((item) => item.event.seq >= event.keepFrom)];
        break;
      case "item-added":
        if (sealedKinds.has(event.kind)) this.#isSealed = true;
        else if (isItemRecord(record) && event.kind !== "reasoning") this.#found.push(record);
        break;
      default:
    }
  }

  end(): ItemRecord[] {
    this.#settle();
    return this.#found;
  }

  /** Ends a replacement: where it is sealed, the items before it are shown instead, unless the log begins with it and holds none. */
  #settle(): void {
    if (this.#before && this.#before.length > 0 && this.#isSealed) this.#found = this.#before;
    this.#before = undefined;
  }
}
