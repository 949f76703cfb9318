import { systemClock } from "../../lib/clock.ts";
import { parseJson } from "../../lib/json.ts";
import { isItemRecord, type ItemRecord } from "../../session/event.ts";
import { itemText } from "../../session/item.ts";
import type { Place } from "../../session/place.ts";
import type { ListQuery, SessionStore } from "../../store.ts";
import { itemsOf } from "../../store/items.ts";
import { checkName } from "../cli/pick.ts";
import type { PickerSource, PreviewMessage } from "./picker-model.ts";
import type { PickerRows } from "./picker-state.ts";

/** So many messages fit into a preview at most. */
const mostMessages = 6;

/** The sessions of a store, for somebody who stands here. */
export function storeSource(store: SessionStore, here: Place): PickerSource {
  return {
    list: (everywhere) => pickerRows(store, everywhere ? undefined : here),
    search: (words, rows) => store.search(words, rows),
    messages: ({ id }) => lastMessages(store, id),
    rename: async ({ id }, name) => {
      await checkName(store, name, id);
      const { note } = await runtime();
      await note(store, id, "naming it", (history) =>
        history.name === name ? [] : [{ type: "session-renamed", name }],
      );
    },
    archive: async ({ id }) => (await runtime()).archive(store, id, true),
    delete: ({ id }) => store.remove(id),
    fork: async ({ id }) => (await (await runtime()).forkSession({ store, clock: systemClock }, id, {})).id,
  };
}

/** Loaded when something is to be done: what is only looked at is not to wait for it. */
const runtime = (): Promise<typeof import("../../runtime.ts")> => import("../../runtime.ts");

/** What can be picked: archived sessions are counted and left out. Without a place, of all workspaces. */
export async function pickerRows(
  store: SessionStore,
  here: Place | undefined,
  onRead?: NonNullable<ListQuery["onRead"]>,
): Promise<PickerRows> {
  let elsewhere = 0;
  const listed = await store.list({
    ...(here && { workspace: here }),
    onHidden: (count) => (elsewhere = count),
    ...(onRead && { onRead }),
  });
  const rows = listed.filter(({ archived }) => archived === undefined);
  return { rows, everywhere: here === undefined, elsewhere, archived: listed.length - rows.length };
}

/** What was said last that is in the context still, without instructions. */
async function lastMessages(store: SessionStore, id: string): Promise<PreviewMessage[]> {
  const records: ItemRecord[] = [];
  const visitor = {
    record: (record: Parameters<typeof isItemRecord>[0]) => {
      if (!isItemRecord(record)) return;
      const { kind, role, empty } = record.event;
      if (kind !== "message" || role === "developer" || role === "system" || empty) return;
      records.push(record);
      if (records.length > mostMessages) records.shift();
    },
  };
  await store.read(id, visitor, { from: "window" });
  const messages: PreviewMessage[] = [];
  for await (const { record, item } of itemsOf(records, (refs) => store.bodies(id, refs))) {
    const parsed = parseJson(new TextDecoder().decode(item));
    const text = itemText(parsed).trim();
    if (text !== "") messages.push({ who: record.event.role === "user" ? "you" : "agent", text });
  }
  return messages;
}
