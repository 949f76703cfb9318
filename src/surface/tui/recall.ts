import { isJsonObject, parseJsonBytes } from "../../lib/json.ts";
import { isItemRecord, type ItemRecord } from "../../session/event.ts";
import type { History } from "../../session/history.ts";
import { callInput, isCallKind, isOutputKind, itemText } from "../../session/item.ts";
import type { SessionStore } from "../../store.ts";
import { readAnswerHead } from "../../tool/shell/answer.ts";
import { historyOf } from "../../store/fold.ts";
import { callLine } from "../update-words.ts";
import type { Block } from "./state.ts";

/** A session's history, and its last messages and calls as blocks to show when it is opened again. Only reads the session. */
export interface Recollection {
  history: History;
  blocks: Block[];
  /** What the person said, oldest first. */
  prompts: string[];
}

/** How many items from the end of the window are looked at. */
const mostItems = 60;

/** The history, with the blocks of its last `turns` turns. */
export async function recall(store: SessionStore, id: string, turns: number): Promise<Recollection> {
  const history = await historyOf(store, id);
  // The numbers have gaps where somebody went back to an earlier step.
  const all = [...new Set(history.items.filter(isItemRecord).map(turnOf))];
  return recollect(store, history, all.at(-turns - 1) ?? 0);
}

/** The history, with the blocks of the turns after this one. */
export async function recallSince(store: SessionStore, id: string, turn: number): Promise<Recollection> {
  const history = await historyOf(store, id);
  return history.turn > turn ? recollect(store, history, turn) : { history, blocks: [], prompts: [] };
}

async function recollect(store: SessionStore, history: History, after: number): Promise<Recollection> {
  const recent = history.items.filter(isItemRecord).slice(-mostItems);
  const blocks: Block[] = [];
  const prompts: string[] = [];
  // By call id. Where an id was used again, an output belongs to the newest call.
  const calls = new Map<string, CallBlock>();
  for (const record of recent) {
    const { event } = record;
    const item = parseJsonBytes(await store.body(history.id, record.body));
    if (!isJsonObject(item)) continue;
    const { call = "" } = event;
    const ended = isOutputKind(event.kind) ? calls.get(call) : undefined;
    if (ended) endCall(ended, itemText(item));
    const block = blockOf(record, item);
    if (!block) continue;
    if (block.kind === "call") calls.set(call, block);
    if (block.kind === "prompt") prompts.push(block.text);
    if (turnOf(record) > after) blocks.push(block);
  }
  return { history, blocks, prompts };
}

const turnOf = ({ event }: ItemRecord): number => (event.type === "item-added" ? event.turn : 0);

type CallBlock = Extract<Block, { kind: "call" }>;

/** Notes how a call ended, as far as its output says it. */
function endCall(block: CallBlock, output: string): void {
  const outcome = readAnswerHead(output);
  if (outcome) block.outcome = outcome;
  else if (output.startsWith("Denied:")) block.outcome = { status: "denied", durationMs: 0 };
}

function blockOf({ event }: ItemRecord, item: Record<string, unknown>): Block | undefined {
  if (event.type !== "item-added") return undefined;
  if (isCallKind(event.kind)) return { kind: "call", text: callLine(event.name ?? "", callInput(item)) };
  const text = itemText(item);
  if (event.kind !== "message" || text.trim() === "") return undefined;
  if (event.origin === "model") return { kind: "answer", text };
  // Context isn't shown: ours has the role "developer", what Codex adds has the person's and is marked as context.
  return event.role === "user" && !event.context ? { kind: "prompt", text } : undefined;
}
