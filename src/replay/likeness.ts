import type { ItemRecord } from "../session/event.ts";
import { isOutputKind } from "../session/item.ts";

/** Whether an item is part of what a model answered: not an input, not an output. */
export function isModelItem({ event }: ItemRecord): boolean {
  if (event.type !== "item-added" || event.origin !== "model" || isOutputKind(event.kind)) return false;
  return event.kind !== "message" || event.role === "assistant";
}

/** Anything that stands in a step. */
export interface InStep {
  readonly seq?: number;
  readonly turn?: number;
  readonly step?: number;
}

/** Whether both stand in one response of the model, with its outputs. */
export function isSameStep(left: InStep | undefined, right: InStep): boolean {
  return left !== undefined && left.turn === right.turn && left.step === right.step;
}

/** Whether two items of one id are the same item, as far as their headers tell. Messages count as the same within one turn only. */
export function isSameItem(
  { event: left, body: leftBody }: ItemRecord,
  { event: right, body: rightBody }: ItemRecord,
): boolean {
  if (left.kind !== right.kind || left.call !== right.call || leftBody.length !== rightBody.length)
    return false;
  if (left.sealed?.tail !== right.sealed?.tail) return false;
  return (
    left.kind !== "message" ||
    (left.type === "item-added" && right.type === "item-added" && left.turn === right.turn)
  );
}
