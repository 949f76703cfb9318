import type { Checkpoint } from "./event.ts";

/** A fold appends to these in place, and the record that they came from stays as it was read. */
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

/** Whether an item with this sequence number is still part of the window. The summary is, wherever it stands. */
export function isInWindow(
  { fromSeq, rewound }: { fromSeq: number; rewound: readonly (readonly [from: number, to: number])[] },
  seq: number,
): boolean {
  return seq >= fromSeq && !rewound.some(([from, to]) => from <= seq && seq <= to);
}
