import type { ItemRecord } from "../session/event.ts";
import { type Carried, carriedSummary, type VisibleHistory } from "../recovery/rotate.ts";
import { itemsOf } from "../session/items.ts";
import { besideSummary } from "../session/window.ts";
import { type LoggedItems, shadowIn, shadowItem } from "./sealed-compaction.ts";

/** Bytes of items that are written to the new log at once, and how many items at most. */
const groupBytes = 2 ** 20;
const groupItems = 500;

/**
 * The items that a new session takes over from a history, in groups that are appended at once. A sealed compaction stays behind, as all seals
 * do: what the log shows of what it stands for comes in its place.
 */
export async function* carriedItems(
  visible: VisibleHistory,
  items: readonly ItemRecord[],
  log: LoggedItems,
): AsyncGenerator<Carried[]> {
  const shadow = await shadowIn(log, items);
  let group: Carried[] = shadow ? [carriedSummary(shadowItem(shadow))] : [];
  let bytes = 0;
  const untold = shadow ? besideSummary(items, shadow.keepFrom) : items;
  for await (const { record, item } of itemsOf(untold, log.bodies)) {
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
