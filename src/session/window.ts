import { outcomeAfterCut } from "./answered.ts";
import type { EventOf, ItemRecord } from "./event.ts";
import type { Fold, Workings } from "./folded.ts";
import { reachOf } from "./quarantine.ts";
import { addUsage } from "./usage.ts";

// What takes items out of a history's window.

/** Takes out all that was said, and the turn that was at it. */
export function clear(fold: Fold, own: Workings, event: EventOf<"history-cleared">): void {
  emptyWindow(fold, own, event.seq);
  fold.cleared = true;
  // With nothing left to continue, a turn that was cut off or parked is over.
  delete fold.openTurn;
  delete fold.waiting;
  delete fold.lastOutcome;
  if (event.scrubbed) {
    delete fold.title;
    fold.amendments = [];
  }
}

/**
 * Whether it is the window's summary, which stands before items that are older than itself: a rewind to one of them leaves it, and the next
 * summary tells it.
 */
export const isSummary = ({ event }: ItemRecord): boolean => event.type === "history-compacted";

/** The items that a rewind leaves: those before `fromSeq`, and the summary. */
export const beforeRewind = (items: readonly ItemRecord[], fromSeq: number): ItemRecord[] =>
  items.filter((item) => isSummary(item) || item.event.seq < fromSeq);

/** The items that stay beside a summary: those from `keepFrom` on, without an earlier summary, which is told in it. */
export const besideSummary = <R extends ItemRecord>(items: readonly R[], keepFrom: number): R[] =>
  items.filter((item) => !isSummary(item) && item.event.seq >= keepFrom);

/** Takes everything up to this record out of the window. */
export function emptyWindow(fold: Fold, own: Workings, seq: number): void {
  fold.items = [];
  fold.fromSeq = seq + 1;
  delete fold.summarySeq;
  fold.rewound = [];
  leave(fold, own);
}

/**
 * A rewind doesn't reach back past a summary: the steps that it stands for can't be told apart any more, so it stays. (To go back
 * further, fork.)
 */
export function rewind(fold: Fold, own: Workings, event: EventOf<"history-rewound">): void {
  const from = event.fromSeq;
  const to = event.seq - 1;
  fold.items = beforeRewind(fold.items, from);
  // Ranges with nothing left between them are merged, so that rewinding again and again doesn't make the checkpoint grow.
  let start = from;
  while (fold.rewound.length > 0) {
    const [earlierFrom, earlierTo] = fold.rewound.at(-1)!;
    const last = fold.items.at(-1)?.event.seq ?? -1;
    if (earlierTo < start && last > earlierTo && last !== fold.summarySeq) break;
    start = Math.min(start, earlierFrom);
    fold.rewound.pop();
  }
  fold.rewound.push([start, to]);
  fold.lastOutcome = outcomeAfterCut(fold.items, `went back to step ${event.toStep}`);
  leave(fold, own);
}

/** Puts a summary in the place of what stands before `keepFrom`. */
export function compact(
  fold: Fold,
  own: Workings,
  record: ItemRecord,
  event: EventOf<"history-compacted">,
): void {
  fold.items = [record, ...besideSummary(fold.items, event.keepFrom)];
  fold.fromSeq = Math.max(fold.fromSeq, event.keepFrom);
  fold.summarySeq = event.seq;
  fold.rewound = fold.rewound.filter(([, to]) => to >= fold.fromSeq);
  if (event.usage) fold.usage = addUsage(fold.usage, event.usage);
  leave(fold, own);
}

/** After items have left the window: drops what referred to them (quarantines, open calls, the token count, the chain). */
export function leave(fold: Fold, own: Workings): void {
  delete fold.contextTokens;
  delete fold.chain;
  const first = Math.min(...fold.items.slice(0, 2).map(({ event: { seq } }) => seq));
  fold.quarantines = fold.quarantines.filter(({ scope }) => reachOf(scope) >= first);
  const seqs = new Set<number>();
  for (const { event } of fold.items) if (fold.openCalls.has(event.seq)) seqs.add(event.seq);
  const calls = [...fold.openCalls.values()].filter(({ record }) => seqs.has(record.event.seq));
  fold.openCalls = new Map();
  own.pairs.clear();
  for (const call of calls) {
    fold.openCalls.set(call.record.event.seq, call);
    own.pairs.add(call.record.event, call);
  }
}
