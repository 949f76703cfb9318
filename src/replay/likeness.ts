import type { ItemRecord } from "../session/event.ts";
import { isOutputKind } from "../session/item.ts";

/** Whether an item is part of what a model answered: not an input, not an output. */
export function isModelItem({ event }: ItemRecord): boolean {
  if (event.type !== "item-added" || event.origin !== "model" || isOutputKind(event.kind)) return false;
  return event.kind !== "message" || event.role === "assistant";
}

/** Whether an output is none of a tool's: it answers a call that had none. */
export const isMadeUp = ({ event }: ItemRecord): boolean =>
  event.type === "item-added" && event.origin === "repair";

/** The turn and step that something belongs to. */
export interface InStep {
  readonly seq?: number;
  readonly turn?: number;
  readonly step?: number;
}

/** Whether both belong to the same response of the model, its outputs included. */
export function isSameStep(left: InStep | undefined, right: InStep): boolean {
  return left !== undefined && left.turn === right.turn && left.step === right.step;
}

/**
 * Whether two items of one id are the same item, as far as their headers tell. Gateways that count their ids anew in every response make
 * different items look alike, so that anything but a sealed blob counts as the same within one response only.
 */
export function isSameItem(left: ItemRecord, right: ItemRecord): boolean {
  const [one, other] = [left.event, right.event];
  if (one.kind !== other.kind || one.call !== other.call || left.body.length !== right.body.length)
    return false;
  if (one.sealed?.tail !== other.sealed?.tail) return false;
  return one.kind === "reasoning" || isSameStep(one, other);
}
