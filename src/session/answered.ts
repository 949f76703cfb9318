import type { ItemRecord, TurnOutcome } from "./event.ts";

/**
 * The outcome of a history that now ends at a step boundary because what followed was cut off: completed when the model's own words (or a
 * summary) stand last; interrupted, so that a turn can go on, when a tool output or the person's message does.
 */
export function outcomeAfterCut(items: readonly ItemRecord[], reason: string): TurnOutcome {
  const last = items.at(-1)?.event;
  const isAnswer = last?.type !== "item-added" || (last.kind === "message" && last.role === "assistant");
  return isAnswer ? { kind: "completed" } : { kind: "interrupted", reason };
}
