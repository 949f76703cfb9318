import { isJsonObject, parseJson } from "../../lib/json.ts";
import { isItemRecord, type ItemRecord } from "../../session/event.ts";
import { canContinue, type History } from "../../session/history.ts";
import { callInput, isCallKind, isOutputKind, itemText } from "../../session/item.ts";
import type { SessionStore } from "../../store.ts";
import { readAnswerHead } from "../../tool/shell/answer.ts";
import { folding } from "../../turn/journal.ts";
import { callLine } from "../cli/render-text.ts";
import type { Block, Stop } from "./state.ts";

/** How a session stands, and its last messages and calls as they are shown when it is opened again. Reads only. */
export interface Recollection {
  history: History;
  blocks: Block[];
  /** What the person said, oldest first. */
  prompts: string[];
}

/** So many items of the window's end are looked at. */
const mostItems = 60;

/** How a session stands. Reads only. */
export async function historyOf(store: SessionStore, id: string): Promise<History> {
  const fold = folding();
  await store.read(id, fold.visitor, { from: "window" });
  return fold.history();
}

/** With the blocks of its last turns. */
export async function recall(store: SessionStore, id: string, turns: number): Promise<Recollection> {
  const history = await historyOf(store, id);
  // Where one has gone back, turns are missing.
  const all = [...new Set(history.items.filter(isItemRecord).map(turnOf))];
  return recollect(store, history, turns === 0 ? history.turn : (all.at(-turns - 1) ?? 0));
}

/** With the blocks of the turns after this one. */
export async function recallSince(store: SessionStore, id: string, turn: number): Promise<Recollection> {
  const history = await historyOf(store, id);
  return history.turn > turn ? recollect(store, history, turn) : { history, blocks: [], prompts: [] };
}

async function recollect(store: SessionStore, history: History, after: number): Promise<Recollection> {
  const recent = history.items.filter(isItemRecord).slice(-mostItems);
  const blocks: Block[] = [];
  const prompts: string[] = [];
  // Calls by their ids; an output ends the newest of its own.
  const calls = new Map<string, CallBlock>();
  for (const record of recent) {
    const { event } = record;
    const item = parseJson(new TextDecoder().decode(await store.body(history.id, record.body)));
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

/** Why there is something to go on with; `undefined` when there is nothing. */
export function stopOf(history: History): Stop | undefined {
  if (history.openTurn) return { kind: "interrupted" };
  if (!canContinue(history)) return undefined;
  const outcome = history.lastOutcome;
  if (outcome?.kind !== "limited") return { kind: outcome?.kind === "failed" ? "failed" : "interrupted" };
  return { kind: "limited", wakes: false, ...(outcome.until !== undefined && { until: outcome.until }) };
}

type CallBlock = Extract<Block, { kind: "call" }>;

/** How the call ended, where its output says it. */
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
  // The context that is put before the first message is a developer's, and in the person's name where Codex put it.
  return event.role === "user" && !event.context ? { kind: "prompt", text } : undefined;
}
