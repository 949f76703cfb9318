import type { Advice } from "./advice.ts";

/** What kind of trouble a class belongs to. */
export type FailureArea = "replay" | "limit" | "outage" | "account" | "model" | "store" | "input";

/** What the catalogue says of a class. */
export interface CatalogueEntry {
  area: FailureArea;
  /** What happened, in a sentence without a full stop. */
  means: string;
  /** What Throughline does about it by itself. */
  does: string;
  /** What a person can do: the next command, where there is one (`adviceWords`). */
  youCan: Advice;
  /** Exit status of `exec` when it ends the turn or refuses the command. */
  exit: 1 | 2 | 3 | 4 | 5 | 130;
  /** Rows of the design's list of observed failures; empty for what only this program says. */
  rows: readonly number[];
}
