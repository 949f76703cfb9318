import { isJsonObject, type JsonObject, parseJson, parseJsonBytes } from "../lib/json.ts";
import { isFailure } from "../failure.ts";
import { isItemRecord, type ItemRecord } from "../session/event.ts";
import { isCallKind, itemText } from "../session/item.ts";
import type { SessionSummary } from "../session/summary.ts";
import type { SessionStore } from "../store.ts";
import { itemsOf } from "../session/items.ts";

/** The words of a search, in lower case: a session has to have every one of them. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/\s+/u).filter(Boolean);
}

/** Whether what a list knows without the log has the word (lower case): the beginning of the id, the name, the first prompt. */
export function headHas({ id, name = "", title = "" }: SessionSummary, word: string): boolean {
  return id.startsWith(word) || `${name}\n${title}`.toLowerCase().includes(word);
}

/**
 * What was said in a session, in lower case: messages of the person and of the model, and what tools were called with. `isWhole`: false when
 * its log could not be read to the end; the text has what could be.
 */
export async function saidIn(
  store: Pick<SessionStore, "read" | "bodies">,
  id: string,
): Promise<{ text: string; isWhole: boolean }> {
  const texts: string[] = [];
  let isWhole = true;
  try {
    const records: ItemRecord[] = [];
    await store.read(id, {
      record: (record) => {
        if (isItemRecord(record) && isSaid(record)) records.push(record);
      },
    });
    for await (const { item } of itemsOf(records, (refs) => store.bodies(id, refs))) texts.push(textOf(item));
  } catch (error) {
    if (!isFailure(error)) throw error;
    isWhole = false;
  }
  return { text: texts.join("\n").toLowerCase(), isWhole };
}

function isSaid({ event }: ItemRecord): boolean {
  return isCallKind(event.kind) || (event.kind === "message" && event.role !== "developer");
}

/** The words of a message; of a call the values of its arguments, without JSON's own signs. */
function textOf(bytes: Uint8Array): string {
  const item = parseJsonBytes(bytes);
  if (!isJsonObject(item)) return "";
  const input = item["arguments"] ?? item["input"];
  if (typeof input !== "string") return itemText(item);
  const parsed = parseJson(input);
  return isJsonObject(parsed) ? wordsIn(parsed) : input;
}

/** All strings in an object, however deep. Not recursive: a model may nest deeper than the stack allows. */
function wordsIn(value: JsonObject): string {
  const words: string[] = [];
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== "object" || next === null) words.push(String(next));
    else for (const member of Object.values(next).toReversed()) left.push(member);
  }
  return words.join("\n");
}
