import { isJsonObject, parseJson } from "../../lib/json.ts";
import { isFailure } from "../../failure.ts";
import { isItemRecord, type ItemRecord } from "../../session/event.ts";
import { isCallKind, itemText } from "../../session/item.ts";
import type { ListedSession, SessionStore } from "../../store.ts";
import { itemsOf } from "../../store/items.ts";
import type { Filter } from "./filter.ts";

/** Logs that are searched at once. */
const atOnce = 8;

/**
 * Keeps the sessions with every word of the text, whatever its case: in the name and the first prompt, which lists know, or else in the
 * messages and the tools' commands, which are read from the logs. A log that can't be read is searched as far as it can.
 */
export async function searching(
  store: SessionStore,
  text: string,
  among: readonly ListedSession[],
): Promise<Filter> {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
  const found = new Set<string>();
  for (let at = 0; at < among.length; at += atOnce) {
    const some = among.slice(at, at + atOnce);
    const kept = await Promise.all(some.map((session) => hasWords(store, session, words)));
    some.forEach(({ id }, index) => kept[index] && found.add(id));
  }
  return { given: `--search ${text}`, keeps: ({ id }) => found.has(id) };
}

async function hasWords(
  store: SessionStore,
  { id, name = "", title = "" }: ListedSession,
  words: readonly string[],
): Promise<boolean> {
  let missing = without(words, `${id}\n${name}\n${title}`);
  if (missing.length === 0) return true;
  try {
    const records: ItemRecord[] = [];
    await store.read(id, {
      record: (record) => {
        if (isItemRecord(record) && isSaid(record)) records.push(record);
      },
    });
    for await (const { item } of itemsOf(records, (refs) => store.bodies(id, refs))) {
      missing = without(missing, textOf(item));
      if (missing.length === 0) return true;
    }
  } catch (error) {
    if (!isFailure(error)) throw error;
  }
  return false;
}

const without = (words: readonly string[], text: string): string[] => {
  const lower = text.toLowerCase();
  return words.filter((word) => !lower.includes(word));
};

/** Messages of the person and of the model, and what tools were called with. */
function isSaid({ event }: ItemRecord): boolean {
  return isCallKind(event.kind) || (event.kind === "message" && event.role !== "developer");
}

/** The words of a message; of a call the values of its arguments, without JSON's own signs. */
function textOf(bytes: Uint8Array): string {
  const item = parseJson(new TextDecoder().decode(bytes));
  if (!isJsonObject(item)) return "";
  const input = item["arguments"] ?? item["input"];
  if (typeof input !== "string") return itemText(item);
  const parsed = parseJson(input);
  return isJsonObject(parsed) ? Object.values(parsed).join("\n") : input;
}
