import { isInWindow, stateIn } from "./checkpoint.ts";
import {
  type Checkpoint,
  type EventOf,
  isItemRecord,
  isMessage,
  type ItemRecord,
  type LogRecord,
  schemaVersion,
} from "./event.ts";
import type { Fold, History, OpenCall, Workings } from "./folded.ts";
import { isCallKind, isOutputKind } from "./item.ts";
import { OpenCalls } from "./open-calls.ts";
import { withQuarantine } from "./quarantine.ts";
import { addUsage, noUsage } from "./usage.ts";
import { clear, compact, emptyWindow, leave, rewind } from "./window.ts";

/** How many ids of delivered follow-ups are remembered. */
export const deliveredLimit = 1_000;

export type { History, OpenCall } from "./folded.ts";

const workings = new WeakMap<History, Workings>();

/** The history of an empty log. */
export function createHistory(): History {
  const history: Fold = {
    id: "",
    created: 0,
    schema: schemaVersion,
    facts: 0,
    workspace: { path: "" },
    settings: { provider: "", model: "", instructionsHash: "", approval: "ask" },
    turn: 0,
    step: 0,
    messages: 0,
    usage: noUsage,
    amendments: [],
    quarantines: [],
    repairs: 0,
    cleared: false,
    fromSeq: 0,
    rewound: [],
    delivered: [],
    items: [],
    openCalls: new Map(),
    lastSeq: -1,
    lastOffset: 0,
  };
  workings.set(history, {
    pairs: new OpenCalls(),
    restoredThrough: -1,
    expected: new Set(),
    isGapped: false,
  });
  return history;
}

/**
 * The history as of a `turn-ended`, without what stands before its window. The records from the checkpoint's offset on are to be given to
 * `advance` next, those before the `turn-ended` included: of those only the window's items are taken.
 */
export function resumeFrom({ event, offset }: LogRecord<EventOf<"turn-ended">>): History {
  const history = createHistory() as Fold;
  const { outcome, checkpoint, seq } = event;
  Object.assign(history, stateIn(checkpoint), { lastOutcome: outcome, lastSeq: seq, lastOffset: offset });
  const own = workingsOf(history);
  own.restoredThrough = seq;
  own.expected = new Set(checkpoint.openCalls);
  return history;
}

/** Whether a turn without a prompt has anything to go on with: there are items, and the last turn did not complete. */
export function canContinue({ items, lastOutcome }: History): boolean {
  return items.length > 0 && lastOutcome !== undefined && lastOutcome.kind !== "completed";
}

/** Whether its log tells nothing of a session: neither how it was made nor an item. */
export function holdsNothing({ created, items }: History): boolean {
  return created === 0 && items.length === 0;
}

/** Folds the next record of the log into the history. Constant time, apart from records that take items out of the window. */
export function advance(history: History, record: LogRecord): void {
  const fold = history as Fold;
  const own = workingsOf(fold);
  const { seq, type } = record.event;
  if (seq <= own.restoredThrough) return collect(fold, own, record);
  if ((fold.lastSeq >= 0 && seq > fold.lastSeq + 1) || type === "line-lost") missed(fold, own);
  fold.lastSeq = seq;
  fold.lastOffset = record.offset;
  apply(fold, own, record);
}

/** Events are missing here. One of them may have said that a call was started: it isn't run again. */
function missed(fold: Fold, own: Workings): void {
  own.isGapped = true;
  for (const call of fold.openCalls.values()) call.started = true;
}

function workingsOf(history: History): Workings {
  const own = workings.get(history);
  if (!own) throw new Error("a history is made by createHistory or resumeFrom");
  return own;
}

/** Takes the window's items, and the state of their calls, from a record whose other effects the checkpoint already tells. */
function collect(fold: Fold, own: Workings, record: LogRecord): void {
  const { event } = record;
  const { seq } = event;
  if (event.type === "tool-started") {
    const call = fold.openCalls.get(event.callSeq);
    if (call) call.started = true;
  }
  if (!isItemRecord(record)) return;
  if (seq === fold.summarySeq) fold.items.unshift(record);
  else if (event.type === "item-added" && isInWindow(fold, seq)) fold.items.push(record);
  if (own.expected.has(seq)) openCall(fold, own, record);
}

function apply(fold: Fold, own: Workings, record: LogRecord): void {
  const { event } = record;
  fold.created ||= event.at;
  switch (event.type) {
    case "session-created":
      fold.id = event.id;
      fold.created = event.at;
      fold.schema = event.schema;
      fold.facts = event.facts ?? 0;
      fold.workspace = event.workspace;
      fold.settings = event.settings;
      if (event.name !== undefined) fold.name = event.name;
      if (event.parent !== undefined) fold.parent = event.parent;
      if (event.rotated !== undefined) fold.rotated = event.rotated;
      break;
    case "history-carried":
      carried(fold, event);
      break;
    case "lease-taken":
      fold.schema = event.schema;
      fold.facts = Math.min(fold.facts, event.facts ?? 0);
      break;
    case "settings-changed":
      fold.settings = event.settings;
      if (event.workspace !== undefined) fold.workspace = event.workspace;
      break;
    case "turn-started":
      fold.turn = event.turn;
      fold.openTurn = event;
      fold.cleared = false;
      delete fold.archived;
      if (fold.title === undefined && event.preview !== "") fold.title = event.preview;
      break;
    case "item-added":
      if (isItemRecord(record)) addItem(fold, own, record, event);
      break;
    case "tool-started": {
      const call = fold.openCalls.get(event.callSeq);
      if (call) call.started = true;
      break;
    }
    case "step-ended":
      fold.step = Math.max(fold.step, event.step);
      fold.usage = addUsage(fold.usage, event.usage);
      fold.contextTokens = event.usage.inputTokens + event.usage.outputTokens;
      if (event.chain && event.response !== undefined)
        fold.chain = { ...event.chain, response: event.response, seq: event.seq };
      else delete fold.chain;
      delete fold.waiting;
      break;
    case "items-quarantined": {
      const { rung, why, refusedBy, scope, count, oldestSealedAt } = event;
      fold.repairs++;
      fold.quarantines = withQuarantine(fold.quarantines, {
        rung,
        why,
        refusedBy,
        scope,
        count,
        ...(oldestSealedAt !== undefined && { oldestSealedAt }),
      });
      break;
    }
    case "history-cleared":
      clear(fold, own, event);
      break;
    case "history-rewound":
      rewind(fold, own, event);
      break;
    case "history-compacted":
      if (isItemRecord(record)) compact(fold, own, record, event);
      break;
    case "history-replaced":
      emptyWindow(fold, own, event.seq);
      break;
    case "session-imported": {
      const { seq: _seq, fence: _fence, type: _type, ...imported } = event;
      fold.imported = imported;
      break;
    }
    case "instructions-amended":
      fold.amendments.push(event.text);
      break;
    case "session-renamed":
      fold.name = event.name;
      break;
    case "session-archived":
      fold.archived = true;
      break;
    case "session-unarchived":
      delete fold.archived;
      break;
    case "session-rotated":
      fold.successor = event.successor;
      // The turn goes on in the successor, whose log gets its outcome.
      if (fold.openTurn)
        fold.lastOutcome = { kind: "interrupted", reason: `continued in session ${event.successor}` };
      delete fold.openTurn;
      break;
    case "rotation-undone":
      delete fold.successor;
      break;
    case "turn-ended":
      delete fold.openTurn;
      delete fold.waiting;
      fold.lastOutcome = event.outcome;
      if (fold.id === "" || own.isGapped) restore(fold, own, event.checkpoint);
      break;
    case "attempt-failed": {
      const { class: kind, message, until } = event;
      if (until === undefined) delete fold.waiting;
      else fold.waiting = { kind: "limited", class: kind, message, until };
      break;
    }
  }
}

/**
 * For a log of which lines are lost, the first one or others: restores from a checkpoint what they said. What was cleared, rewound,
 * quarantined and answered comes from there. A summary that is lost itself takes nothing out of the window.
 */
function restore(fold: Fold, own: Workings, checkpoint: Checkpoint): void {
  const { openCalls } = checkpoint;
  const state = stateIn(checkpoint);
  const { fromSeq, summarySeq, items } = fold;
  for (const member of ["successor", "archived", "summarySeq"] as const) delete fold[member];
  Object.assign(fold, state);
  if (state.summarySeq !== undefined && !items.some(({ event: { seq } }) => seq === state.summarySeq)) {
    fold.fromSeq = fromSeq;
    delete fold.summarySeq;
    if (summarySeq !== undefined) fold.summarySeq = summarySeq;
  }
  fold.items = items.filter(({ event: { seq } }) => seq === fold.summarySeq || isInWindow(fold, seq));
  const [found, expected] = [fold.openCalls, new Set(openCalls)];
  fold.openCalls = new Map();
  // An output whose own call is lost has answered another of the same id.
  for (const record of fold.items) {
    const { seq } = record.event;
    if (expected.has(seq)) fold.openCalls.set(seq, found.get(seq) ?? { record, started: true });
  }
  leave(fold, own);
  if (checkpoint.contextTokens !== undefined) fold.contextTokens = checkpoint.contextTokens;
  // As long as a call is open that is lost, the output that answers it takes another's place.
  own.isGapped = openCalls.some((seq) => !fold.openCalls.has(seq));
}

/** Takes over the predecessor's counters and state. */
function carried(fold: Fold, event: EventOf<"history-carried">): void {
  const { seq: _seq, fence: _fence, at: _at, type: _type, outcome, ...state } = event;
  Object.assign(fold, state, {
    amendments: [...state.amendments],
    quarantines: [...state.quarantines],
    delivered: [...state.delivered],
  });
  if (outcome !== undefined) fold.lastOutcome = outcome;
}

function addItem(fold: Fold, own: Workings, record: ItemRecord, event: EventOf<"item-added">): void {
  fold.items.push(record);
  if (event.followUp !== undefined) {
    fold.delivered.push(event.followUp);
    if (fold.delivered.length > deliveredLimit) fold.delivered.shift();
  }
  if (event.origin === "model") fold.step = Math.max(fold.step, event.step);
  if (isMessage(record)) fold.messages++;
  if (isCallKind(event.kind)) openCall(fold, own, record);
  else if (isOutputKind(event.kind)) {
    const answered = own.pairs.take(event);
    if (answered) fold.openCalls.delete(answered.record.event.seq);
  }
}

function openCall(fold: Fold, own: Workings, record: ItemRecord): void {
  const call: OpenCall = { record, started: false };
  fold.openCalls.set(record.event.seq, call);
  own.pairs.add(record.event, call);
}
