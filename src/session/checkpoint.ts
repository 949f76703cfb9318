import type { Checkpoint } from "./event.ts";
import type { History } from "./folded.ts";

/** What `turn-ended` carries, so that the next owner reads no more than the window. Its size doesn't grow with the log. */
export function checkpointOf(history: History): Checkpoint {
  const { name, title, parent, rotated, successor, archived, imported, summarySeq, contextTokens, chain } =
    history;
  return {
    offset: windowOffset(history),
    id: history.id,
    schema: history.schema,
    ...(history.facts > 0 && { facts: history.facts }),
    created: history.created,
    workspace: history.workspace,
    settings: history.settings,
    ...(name !== undefined && { name }),
    ...(title !== undefined && { title }),
    ...(parent !== undefined && { parent }),
    ...(rotated !== undefined && { rotated }),
    ...(successor !== undefined && { successor }),
    turn: history.turn,
    step: history.step,
    messages: history.messages,
    usage: history.usage,
    amendments: [...history.amendments],
    quarantines: [...history.quarantines],
    repairs: history.repairs,
    cleared: history.cleared,
    ...(archived !== undefined && { archived }),
    ...(imported !== undefined && { imported }),
    fromSeq: history.fromSeq,
    ...(summarySeq !== undefined && { summarySeq }),
    rewound: history.rewound.map(([from, to]) => [from, to]),
    ...(contextTokens !== undefined && { contextTokens }),
    ...(chain && { chain }),
    delivered: [...history.delivered],
    openCalls: [...history.openCalls.keys()],
  };
}

/**
 * The offset at which a reader of the window has to begin. The summary comes first in the window but is logged after the items kept
 * beside it, so the first two items are compared.
 */
function windowOffset(history: History): number {
  const [first, second] = history.items;
  if (!first) return history.lastOffset;
  return second ? Math.min(first.offset, second.offset) : first.offset;
}

/**
 * The fold's state as a checkpoint tells it, as a copy: the fold appends to its arrays in place, and the record that was read must not
 * change.
 */
export function stateIn(checkpoint: Checkpoint): Omit<Checkpoint, "offset" | "openCalls"> {
  const { offset: _offset, openCalls: _openCalls, ...state } = checkpoint;
  return {
    ...state,
    rewound: state.rewound.map(([from, to]) => [from, to]),
    amendments: [...state.amendments],
    quarantines: [...state.quarantines],
    delivered: [...state.delivered],
  };
}

/** Whether an item with this sequence number is still part of the window. Not for the summary: it is part of it wherever it stands. */
export function isInWindow(
  { fromSeq, rewound }: { fromSeq: number; rewound: readonly (readonly [from: number, to: number])[] },
  seq: number,
): boolean {
  return seq >= fromSeq && !rewound.some(([from, to]) => from <= seq && seq <= to);
}
