/** What an event says of a turn: that it began, or how it ended. */
export type TurnEdge = "began" | "complete" | "aborted";

/** Codex 0.100 to 0.169 writes "task"; 0.169 reads both names, and goes on with either (2026-11). */
const edges: ReadonlyMap<string | undefined, TurnEdge> = new Map([
  ["task_started", "began"],
  ["turn_started", "began"],
  ["task_complete", "complete"],
  ["turn_complete", "complete"],
  ["turn_aborted", "aborted"],
]);

/** `kind`: of an event; `undefined` for one that neither begins nor ends a turn. */
export const turnEdge = (kind: string | undefined): TurnEdge | undefined => edges.get(kind);
