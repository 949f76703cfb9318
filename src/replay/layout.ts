import type { BodyRef, ItemRecord } from "../session/event.ts";
import { CallIds } from "./call-ids.ts";
import { Columns } from "./columns.ts";
import type { ReplayContract } from "./contract.ts";
import type { Edit } from "./edit.ts";
import { answerLength, frame, type ProjectedItems, sentCallId, sentElements, sizeOf } from "./element.ts";
import { type Ends, endsOf, roleOf } from "./ends.ts";
import { flag, rewritten } from "./flag.ts";
import { ElementOrder } from "./order.ts";
import { issuerOf } from "./seal.ts";
import { type ReplayRule, rules } from "./report.ts";
import { rewrite } from "./rewrite.ts";

/**
 * One element of the projected `input`. An answer stands for the output that a call doesn't have; the frame is a line of the user's before
 * or after everything, with the item next to it.
 */
export interface ProjectedElement {
  /** Index into `input`, as errors name it. */
  readonly index: number;
  readonly record: ItemRecord;
  readonly kind: "item" | "answer" | "frame";
  /** How it is sent (`flag`). */
  readonly flags: number;
  /** Whether the item's id is sent. */
  readonly withId: boolean;
}

/** How each item is sent, in which order, and how many bytes that makes. What to do with an item is decided by the projection. */
export class Layout {
  readonly callIds: CallIds;
  readonly order = new ElementOrder();
  readonly #contract: ReplayContract;
  /** Bytes of a tool output's text that are sent where it is shortened. */
  readonly #outputLimit: number;
  readonly #columns = new Columns();
  #items: readonly ItemRecord[] = [];
  #taken = 0;
  /** Bytes of the items that are sent, without what is `#answered`. */
  #size = 0;
  #count = 0;
  /** Calls that are followed by a made-up answer. Nearly every call is one for a moment, until its output comes. */
  readonly #answered = new Set<number>();
  /** Edits worked out from items' bytes, by index; a snapshot may share the map (`#isShared`). */
  #edits = new Map<number, readonly Edit[]>();
  #isShared = false;
  readonly #unlocated = new Set<number>();

  constructor(contract: ReplayContract, outputLimit: number) {
    this.#contract = contract;
    this.#outputLimit = outputLimit;
    this.callIds = new CallIds(contract);
  }

  /** Bytes of the input: its elements and the commas between them. Exact once nothing is `unlocated`. */
  get bytes(): number {
    const { head, tail } = this.ends();
    const framed = (head ? frame.head.length : 0) + (tail ? frame.tail.length : 0);
    const sent = { items: this.#items, callIds: this.callIds.changed };
    let answers = 0;
    for (const call of this.#answered) answers += answerLength(sent, call);
    return this.#size + answers + framed + Math.max(0, this.count - 1);
  }

  get count(): number {
    const { head, tail } = this.ends();
    return this.#count + Number(head) + Number(tail);
  }

  /** Makes room for the first `taken` of the items. */
  reserve(items: readonly ItemRecord[], taken: number): void {
    this.#items = items;
    this.#taken = taken;
    this.#columns.reserve(taken);
  }

  flags(index: number): number {
    return this.#columns.flags(index);
  }

  isSent(index: number): boolean {
    return this.has(index, flag.sent);
  }

  has(index: number, bits: number): boolean {
    return (this.#columns.flags(index) & bits) !== 0;
  }

  /** The rule by which an item is left out. */
  rule(index: number): ReplayRule | undefined {
    return rules[this.#columns.rule(index) - 1];
  }

  leaveOut(index: number, rule: ReplayRule): void {
    this.#columns.setRule(index, rules.indexOf(rule) + 1);
    this.#set(index, 0);
  }

  /** Marks an item as sent with these flags, in place of those it had. */
  send(index: number, flags: number): void {
    this.#columns.setRule(index, 0);
    this.#set(index, flag.sent | flags);
  }

  #set(index: number, flags: number): void {
    const before = this.#columns.flags(index);
    this.#count += elementsOf(flags) - elementsOf(before);
    if ((flags & flag.answered) !== 0) this.#answered.add(index);
    else if ((before & flag.answered) !== 0) this.#answered.delete(index);
    if (((before ^ flags) & ~flag.answered) === 0) {
      this.#columns.setFlags(index, flags);
      return;
    }
    this.#size -= this.#sizeOf(index);
    this.#columns.setFlags(index, flags);
    if (((before ^ flags) & (rewritten | flag.detached)) !== 0) this.#forget(index);
    if ((flags & rewritten) === 0) this.#unlocated.delete(index);
    else if (!this.#edits.has(index)) this.#unlocated.add(index);
    this.#size += this.#sizeOf(index);
  }

  /** Items whose bytes have to be looked at before they can be sent (`locate`): those that are changed, so hardly any. */
  unlocated(): { index: number; body: BodyRef }[] {
    return [...this.#unlocated]
      .sort((left, right) => left - right)
      .map((index) => ({ index, body: this.#items[index]!.body }));
  }

  locate(index: number, item: Uint8Array): void {
    this.#unlocated.delete(index);
    const record = this.#items[index]!;
    const edits = rewrite(item, record, this.#columns.flags(index), {
      callId: sentCallId({ items: this.#items, callIds: this.callIds.changed }, index),
      role: roleOf(record, this.#contract),
      maxPartBytes: this.#contract.media.maxPartBytes ?? Number.POSITIVE_INFINITY,
      outputLimit: this.#outputLimit,
    });
    this.#size -= this.#sizeOf(index);
    this.#edits.set(index, edits);
    this.#size += this.#sizeOf(index);
  }

  /** What a request is written from, unaffected by items that are taken later; copied only if what it covers has to change. */
  snapshot(): ProjectedItems {
    this.#isShared = true;
    return {
      items: this.#items,
      order: this.order.list(),
      flags: this.#columns.share(this.#taken),
      edits: this.#edits,
      callIds: this.callIds.changed,
      gathered: this.#contract.adjacency === "after-step",
      ends: this.ends(),
    };
  }

  /** The elements of `input`, in order. */
  *elements(): Iterable<ProjectedElement> {
    let index = 0;
    const snapshot = this.snapshot();
    for (const [kind, at] of sentElements(snapshot)) {
      const neighbour = kind === "head" ? snapshot.order[0] : snapshot.order.at(-1);
      const record = this.#items[at >= 0 ? at : (neighbour ?? 0)]!;
      const flags = at >= 0 ? snapshot.flags[at]! : 0;
      const withId =
        kind === "item" &&
        record.event.id !== undefined &&
        (flags & (flag.detached | flag.note | flag.told)) === 0;
      yield {
        index: index++,
        record,
        kind: kind === "item" || kind === "answer" ? kind : "frame",
        flags,
        withId,
      };
    }
  }

  /** How many sealed items are sent, by the issuer that sealed them. */
  sealedSent(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { record, kind, flags } of this.elements()) {
      if (kind !== "item" || !record.event.sealed || (flags & flag.unsealed) !== 0) continue;
      const issuer = issuerOf(record) ?? "";
      counts.set(issuer, (counts.get(issuer) ?? 0) + 1);
    }
    return counts;
  }

  /** The call id of the log that is sent under this one. */
  callNamed(sent: string): string {
    for (const [index, id] of this.callIds.changed)
      if (id === sent) return this.#items[index]!.event.call ?? "";
    return sent;
  }

  /** Whether both send the same. */
  isSameAs(other: Layout): boolean {
    if (this.#count !== other.#count) return false;
    const [own, others] = [this.snapshot(), other.snapshot()];
    const elements = sentElements(others)[Symbol.iterator]();
    for (const [kind, index] of sentElements(own)) {
      const next = elements.next();
      if (next.done || next.value[0] !== kind || next.value[1] !== index) return false;
      if (index >= 0 && own.flags[index] !== others.flags[index]) return false;
      if (own.callIds.get(index) !== others.callIds.get(index)) return false;
    }
    return elements.next().done === true;
  }

  ends(): Ends {
    return endsOf(this.#contract, this.#items, this.order.list(), this.#columns);
  }

  /** Drops the edits of an item, whose flags have changed. */
  #forget(index: number): void {
    if (!this.#edits.has(index)) return;
    if (this.#isShared) this.#edits = new Map(this.#edits);
    this.#isShared = false;
    this.#edits.delete(index);
  }

  #sizeOf(index: number): number {
    const flags = this.#columns.flags(index);
    return flags === 0 ? 0 : sizeOf(this.#items[index]!, flags, this.#edits.get(index));
  }
}

const elementsOf = (flags: number): number =>
  (flags & flag.sent) === 0 ? 0 : (flags & flag.answered) === 0 ? 1 : 2;
