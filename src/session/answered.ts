import type { ItemRecord, TurnOutcome } from "./event.ts";

/**
 * How a history stands that was cut off behind a step: complete where the model said something last, and with something to go on with
 * where a tool, or the person, did.
 */
export function outcomeAfterCut(items: readonly ItemRecord[], reason: string): TurnOutcome {
  const last = items.at(-1)?.event;
  const isAnswer = last?.type !== "item-added" || (last.kind === "message" && last.role === "assistant");
  return isAnswer ? { kind: "completed" } : { kind: "interrupted", reason };
}
