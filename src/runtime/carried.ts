import type { ItemRecord } from "../session/event.ts";
import type { Carried, VisibleHistory } from "../recovery/rotate.ts";
import { type Bodies, itemsOf } from "../session/items.ts";

/** Bytes of items that are written to the new log at once, and how many items at most. */
const groupBytes = 2 ** 20;
const groupItems = 500;

/** The items that a new session takes over from a history, in groups that are appended at once. */
export async function* carriedItems(
  visible: VisibleHistory,
  items: readonly ItemRecord[],
  bodies: Bodies,
): AsyncGenerator<Carried[]> {
  let group: Carried[] = [];
  let bytes = 0;
  for await (const { record, item } of itemsOf(items, bodies)) {
    group.push(...visible.carry(record, item));
    bytes += item.length;
    if (bytes < groupBytes && group.length < groupItems) continue;
    yield group;
    group = [];
    bytes = 0;
  }
  const rest = [...group, ...visible.end()];
  if (rest.length > 0) yield rest;
}
