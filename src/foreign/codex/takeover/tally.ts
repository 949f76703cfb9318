/** How many of each the lines of a thread hold. */
export interface TakenCounts {
  prompts: number;
  answers: number;
  calls: number;
  outputs: number;
  reasoning: number;
  compactions: number;
  rollbacks: number;
}

export const noCounts = (): TakenCounts => ({
  prompts: 0,
  answers: 0,
  calls: 0,
  outputs: 0,
  reasoning: 0,
  compactions: 0,
  rollbacks: 0,
});

/** What was taken over, and what was left out. */
export interface TakenTally {
  /** Items that were taken over now. */
  readonly items: number;
  /** Counts of what the lines read now held, whether or not it is still in the history. */
  readonly counts: TakenCounts;
  /** Lines and items that were left out, by kind, with how many of each. */
  readonly left: Readonly<Record<string, number>>;
  /** Whether a damaged file was read as its repair would leave it. */
  readonly isMended: boolean;
}

/** Of a session into which nothing is taken over. */
export const emptyTally = (): TakenTally => ({ items: 0, counts: noCounts(), left: {}, isMended: false });
