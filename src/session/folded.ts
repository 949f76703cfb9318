import type {
  Checkpoint,
  EventOf,
  ItemRecord,
  Quarantine,
  Settings,
  TurnOutcome,
  Usage,
  Workspace,
} from "./event.ts";
import type { Imported } from "./imported.ts";
import type { OpenCalls } from "./open-calls.ts";

/** A call in the window that has no output yet. */
export interface OpenCall {
  readonly record: ItemRecord;
  /** Its intent is in the log (`tool-started`): the tool may have run. Without it, it has not. */
  started: boolean;
}

/**
 * What a session's log says, folded: everything but the items' bytes. `advance` folds one more record in place; folding a log at once
 * or in parts gives the same. Read its members freely, change none.
 */
export interface History {
  id: string;
  /** Milliseconds since 1970. */
  created: number;
  /** Version of the log's format. */
  schema: number;
  /** The lowest `factsVersion` of those who wrote to the log; 0 where one said none. */
  facts: number;
  workspace: Workspace;
  settings: Settings;
  name?: string;
  /** First line of the first prompt. */
  title?: string;
  /** The session that this one continues. */
  parent?: string;
  /** Made by rotating the parent. */
  rotated?: true;
  /** The session that continues this one. */
  successor?: string;
  /** Number of the last turn that was started, from 1; 0 before the first. */
  turn: number;
  /** Number of the last step of which anything was logged, from 1 and through all turns. The next attempt's items get one more. */
  step: number;
  /** Messages of people and models. */
  messages: number;
  usage: Usage;
  /** What people have added to the instructions, oldest first. */
  amendments: readonly string[];
  /** Those in force that mean something in the window. */
  quarantines: readonly Quarantine[];
  /** Repairs that were made (`items-quarantined`). */
  repairs: number;
  /** Cleared, and no turn since. */
  cleared: boolean;
  /** Put out of lists, and no turn since. */
  archived?: true;
  /** The other tool's session that it was taken over from, as far as that was read. */
  imported?: Imported;
  /** Items below this sequence number are not part of the window; the summary, when there is one, is. */
  fromSeq: number;
  /** Of the summary that the window begins with. */
  summarySeq?: number;
  /** Ranges of sequence numbers, both ends included, that rewinding took out of the window. */
  rewound: readonly (readonly [from: number, to: number])[];
  /** Tokens that the last response counted, its input and its output, while the window still holds what it was asked with. */
  contextTokens?: number;
  /** The last response that its provider keeps. */
  chain?: NonNullable<Checkpoint["chain"]>;
  /** Ids of the follow-ups that were delivered last, oldest first. */
  delivered: readonly string[];
  /**
   * The window: the items that a request is projected from, in order, the summary first. Items are appended to this array in place; when
   * any leave the window the member gets a new array, so that whoever still sends the old one is not disturbed.
   */
  items: readonly ItemRecord[];
  /** Calls in the window without output, by the sequence number of the call's item. */
  openCalls: ReadonlyMap<number, OpenCall>;
  /** The limit whose end the open turn waits for, at the time that it waits until. */
  waiting?: Extract<TurnOutcome, { kind: "limited" }> & { until: number };
  /** The turn that was started and has not ended. */
  openTurn?: EventOf<"turn-started">;
  /** How the last turn stopped: as it ended, or as it was cut since. Absent before the first, and where all was cleared. */
  lastOutcome?: TurnOutcome;
  /** Sequence number of the last record; -1 before the first. */
  lastSeq: number;
  /** Byte offset of the last record's line. */
  lastOffset: number;
}

/** A history while it is folded. */
export interface Fold extends History {
  items: ItemRecord[];
  openCalls: Map<number, OpenCall>;
  amendments: string[];
  quarantines: Quarantine[];
  rewound: [from: number, to: number][];
  delivered: string[];
}

/** What the fold needs beside the public history: calls by call id, and what a read from a checkpoint has still to collect. */
export interface Workings {
  pairs: OpenCalls<OpenCall>;
  /** Records up to this sequence number are covered by the checkpoint: only the window's items are taken from them. */
  restoredThrough: number;
  /** Calls that were open at the checkpoint. */
  expected: Set<number>;
  /** Events are missing since the last checkpoint: their lines were lost. */
  isGapped: boolean;
}
