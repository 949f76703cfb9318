import { parseJson } from "../../lib/json.ts";
import { isItemRecord, type ItemRecord } from "../../session/event.ts";
import type { History } from "../../session/history.ts";
import { isCallKind, itemText } from "../../session/item.ts";
import type { SessionStore } from "../../store.ts";
import { folding } from "../../turn/journal.ts";
import { callLine } from "../cli/render-text.ts";
import type { Block } from "./state.ts";

/** How a session stands, and its last messages and calls as they are shown when it is opened again. Reads only. */
export interface Recollection {
  history: History;
  blocks: Block[];
  /** What the person said, oldest first. */
  prompts: string[];
}

/** So many items of the window's end are looked at. */
const mostItems = 60;

export async function recall(store: SessionStore, id: string, turns: number): Promise<Recollection> {
  const fold = folding();
  await store.read(id, fold.visitor, { from: "window" });
  const history = fold.history();
  const recent = history.items.filter(isItemRecord).slice(-mostItems);
  const blocks: Block[] = [];
  const prompts: string[] = [];
  for (const record of recent) {
    const block = blockOf(record, await store.body(id, record.body));
    if (!block) continue;
    if (block.kind === "prompt") prompts.push(block.text);
    if (isRecent(record, history.turn - turns)) blocks.push(block);
  }
  return { history, blocks, prompts };
}

const isRecent = ({ event }: ItemRecord, after: number): boolean =>
  event.type === "item-added" && event.turn > after;

function blockOf({ event }: ItemRecord, bytes: Uint8Array): Block | undefined {
  if (event.type !== "item-added") return undefined;
  const item = parseJson(new TextDecoder().decode(bytes)) as Record<string, unknown> | undefined;
  if (isCallKind(event.kind)) {
    const input = item?.["arguments"] ?? item?.["input"];
    return { kind: "call", text: callLine(event.name ?? "", typeof input === "string" ? input : "") };
  }
  const text = itemText(item);
  if (event.kind !== "message" || text.trim() === "") return undefined;
  if (event.origin === "model") return { kind: "answer", text };
  // The context that is put before the first message is a developer's.
  return event.role === "user" ? { kind: "prompt", text } : undefined;
}
