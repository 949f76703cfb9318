import type { ItemRecord } from "../session/event.ts";
import { isCallKind, isOutputKind, messageItem } from "../session/item.ts";
import type { Edit } from "./edit.ts";
import { flag, rewritten } from "./flag.ts";
import { isModelItem, isSameStep } from "./likeness.ts";
import { unknownOutcome } from "./pair.ts";

/**
 * What a request is written from: the items by index, their order, how each is sent, and the edits that were worked out from their bytes.
 */
export interface ProjectedItems {
  readonly items: readonly ItemRecord[];
  readonly order: Int32Array;
  readonly flags: Uint16Array;
  readonly edits: ReadonlyMap<number, readonly Edit[]>;
  readonly callIds: ReadonlyMap<number, string>;
  /** Whether made-up answers stand after all calls of their step, rather than each right after its own call. */
  readonly gathered: boolean;
  /** Whether a message of the user's is put before everything, and after it (`frame`). */
  readonly ends: { readonly head: boolean; readonly tail: boolean };
}

/** An item of the window, the answer put in for a missing output, or one of the two frame messages. */
export type ElementKind = "item" | "answer" | "head" | "tail";

/** What the person is made to say before a request that would begin with the assistant, and after one that would end with it. */
export const frameWords = {
  head: "[The beginning of this conversation is not available.]",
  tail: "[Go on from where this ends, without repeating any of it.]",
} as const;

/** `frameWords` as messages. */
export const frame = {
  head: messageItem("user", frameWords.head),
  tail: messageItem("user", frameWords.tail),
} as const;

/** The elements of `input` in order, as pairs of a kind and the index of an item (-1 for the frame). */
export function* sentElements(projected: ProjectedItems): Generator<readonly [ElementKind, number]> {
  const { items, order, flags, gathered, ends } = projected;
  if (ends.head) yield ["head", -1];
  let waiting: number[] = [];
  for (const at of order) {
    if ((flags[at]! & flag.sent) === 0) continue;
    const first = waiting[0];
    if (
      first !== undefined &&
      !(isModelItem(items[at]!) && isSameStep(items[first]!.event, items[at]!.event))
    ) {
      for (const call of waiting) yield ["answer", call];
      waiting = [];
    }
    yield ["item", at];
    if ((flags[at]! & flag.answered) === 0) continue;
    if (gathered) waiting.push(at);
    else yield ["answer", at];
  }
  for (const call of waiting) yield ["answer", call];
  if (ends.tail) yield ["tail", -1];
}

/** Which side says an item as it is sent (a message under `role`); `undefined` for instructions, which belong to neither. */
export function speakerOf(
  { event }: ItemRecord,
  flags: number,
  role: string,
): "user" | "assistant" | "tool" | undefined {
  if (isOutputKind(event.kind)) return (flags & (flag.note | flag.told)) !== 0 ? "user" : "tool";
  if (event.kind === "message") return role === "user" || role === "assistant" ? role : undefined;
  const isOfModel = event.type === "item-added" && event.origin === "model";
  return (flags & flag.told) !== 0 && !isOfModel && !isCallKind(event.kind) ? "user" : "assistant";
}

const nothing = new Uint8Array(0);
const none: readonly Edit[] = [];

/** The changes to an item's stored bytes, in order; `found` are those that had to be worked out from the bytes. */
export function editsOf(
  record: ItemRecord,
  flags: number,
  found: readonly Edit[] | undefined,
): readonly Edit[] {
  if ((flags & rewritten) !== 0) return found ?? none;
  const { cut } = record.event;
  if ((flags & flag.detached) === 0 || !cut) return none;
  return [{ from: cut[0], to: cut[1], bytes: nothing }];
}

/** The call id under which a call or an output is sent. */
export function sentCallId(
  { items, callIds }: Pick<ProjectedItems, "items" | "callIds">,
  at: number,
): string {
  return callIds.get(at) ?? items[at]!.event.call ?? "";
}

const answerOverhead = new Map<string, number>();

/** Length of the answer that follows a call without output (`unknownOutcome`), which isn't made for that. */
export function answerLength(projected: Pick<ProjectedItems, "items" | "callIds">, at: number): number {
  const { kind } = projected.items[at]!.event;
  const callId = sentCallId(projected, at);
  if (!/^[\w-]*$/u.test(callId)) return unknownOutcome(kind, callId).length;
  let overhead = answerOverhead.get(kind);
  if (overhead === undefined) answerOverhead.set(kind, (overhead = unknownOutcome(kind, "").length));
  return overhead + callId.length;
}

/** Bytes of an item as it is sent, without its answer. */
export function sizeOf(record: ItemRecord, flags: number, found: readonly Edit[] | undefined): number {
  if ((flags & flag.sent) === 0) return 0;
  let size = record.body.length;
  if ((flags & rewritten) !== 0) {
    for (const { from, to, bytes } of found ?? none) size += bytes.length - (to - from);
    return size;
  }
  const { cut } = record.event;
  return (flags & flag.detached) !== 0 && cut ? size - (cut[1] - cut[0]) : size;
}

/** Bytes of the first `count` elements, with the comma after each but the last of all. */
export function sizeOfFirst(projected: ProjectedItems, count: number): number {
  const { items, flags, edits } = projected;
  let bytes = 0;
  let left = count;
  for (const [kind, at] of sentElements(projected)) {
    if (left-- === 0) return bytes + count;
    if (kind === "head" || kind === "tail") bytes += frame[kind].length;
    else if (kind === "answer") bytes += answerLength(projected, at);
    else bytes += sizeOf(items[at]!, flags[at]!, edits.get(at));
  }
  return bytes + Math.max(0, count - 1);
}
