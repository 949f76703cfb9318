import { isItemRecord, type ItemRecord, type LogRecord } from "../session/event.ts";
import { isCallKind, isFurtherOutput, isOutputKind, outputKinds } from "../session/item.ts";
import { isSealedSummary } from "../session/seal.ts";
import { beforeRewind, besideSummary } from "../session/window.ts";
import type { SessionStore } from "../store.ts";

/**
 * The items of a session that a person can be shown, in order: those of the window, and, in place of a sealed summary, the items that it
 * stands for. Cleared and rewound items are not among them, nor is an answer that was made up for a call whose output came later.
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
        this.#found = beforeRewind(this.#found, event.fromSeq);
        break;
      case "history-replaced":
        this.#before = this.#found;
        this.#isSealed = false;
        this.#found = [];
        break;
      case "history-compacted":
        if (isItemRecord(record) && !isSealedSummary(event.kind))
          this.#found = [record, ...besideSummary(this.#found, event.keepFrom)];
        break;
      case "item-added":
        if (isSealedSummary(event.kind)) this.#isSealed = true;
        else if (isItemRecord(record) && event.kind !== "reasoning") this.#found.push(record);
        break;
      default:
    }
  }

  end(): ItemRecord[] {
    this.#settle();
    return withoutOutdated(this.#found);
  }

  /** Ends a replacement: where it is sealed, the items before it are shown instead, unless the log begins with it and holds none. */
  #settle(): void {
    if (this.#before && this.#before.length > 0 && this.#isSealed) this.#found = this.#before;
    this.#before = undefined;
  }
}

function withoutOutdated(items: readonly ItemRecord[]): ItemRecord[] {
  /** Outputs that come later, by kind and call id. Ids are told apart by their calls: some gateways count theirs anew in every response. */
  const later = new Set<string>();
  const kept = items.toReversed().filter(({ event }) => {
    const { kind, call = "", name = "" } = event;
    if (isCallKind(kind)) later.delete(`${outputKinds[kind]} ${call}`);
    else if (isOutputKind(kind)) {
      if (event.type === "item-added" && event.origin === "repair") return !later.has(`${kind} ${call}`);
      if (!isFurtherOutput(kind, name)) later.add(`${kind} ${call}`);
    }
    return true;
  });
  return kept.toReversed();
}
