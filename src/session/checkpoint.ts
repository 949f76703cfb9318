import type { Checkpoint } from "./event.ts";

/**
 * A copy of a checkpoint for a fold to work on: the fold appends to its arrays in place, and the record that was read must not change.
 */
export function copyCheckpoint(checkpoint: Checkpoint): Checkpoint {
  const { rewound, amendments, quarantines, delivered } = checkpoint;
  return {
    ...checkpoint,
    rewound: rewound.map(([from, to]) => [from, to]),
    amendments: [...amendments],
    quarantines: [...quarantines],
    delivered: [...delivered],
  };
}

/** Whether an item with this sequence number is still part of the window. Not for the summary: it is part of it wherever it stands. */
export function isInWindow(
  { fromSeq, rewound }: { fromSeq: number; rewound: readonly (readonly [from: number, to: number])[] },
  seq: number,
): boolean {
  return seq >= fromSeq && !rewound.some(([from, to]) => from <= seq && seq <= to);
}
