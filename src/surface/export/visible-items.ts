import { isItemRecord, type ItemRecord, type LogRecord } from "../../session/event.ts";
import type { SessionStore } from "../../store.ts";

const sealedKinds: ReadonlySet<string> = new Set(["compaction", "compaction_summary"]);

/**
 * What can be shown of a session, in order: the window, with what the log holds before it in the place of a summary that only its provider
 * can read. Cleared and rewound items are not in it.
 */
export async function visibleItems(store: SessionStore, id: string): Promise<ItemRecord[]> {
  const visible = new Visible();
  await store.read(id, { record: (record) => visible.take(record) });
  return visible.end();
}

class Visible {
  #found: ItemRecord[] = [];
  /** What stood before a compaction of another tool, while the items come that take its place. */
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

  /** What the person said stands in the compaction alone where the log begins with it: a rollout that Codex or a program has cut to that. */
  #settle(): void {
    if (this.#before && this.#before.length > 0 && this.#isSealed) this.#found = this.#before;
    this.#before = undefined;
  }
}
