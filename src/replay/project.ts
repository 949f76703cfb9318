import type { BodyRef, ItemRecord, Quarantine } from "../session/event.ts";
import { isCallKind, isOutputKind } from "../session/item.ts";
import { OpenCalls } from "../session/open-calls.ts";
import type { ReplayContract } from "./contract.ts";
import { flag, type ProjectedItems, sizeOf } from "./element.ts";
import { type InStep, isModelItem, isSameItem, isSameStep } from "./likeness.ts";
import { ElementOrder } from "./order.ts";
import { locateValue, type ValueRange } from "./pair.ts";
import { type ReplayEntry, type ReplayRule, rules, ruleWords } from "./report.ts";
import { acceptsSeal, issuerOf, setAsideBy } from "./seal.ts";

/** Who the request goes to, and what was set aside before. Quarantines of other issuers don't count. */
export interface ProjectionBasis {
  /** The provider's issuer (see `provider.ts`). */
  readonly issuer: string;
  readonly quarantines: readonly Quarantine[];
}

/** One element of the projected `input`. An answer stands for the output that a call doesn't have. */
export interface ProjectedElement {
  /** Index into `input`, as errors name it. */
  readonly index: number;
  readonly record: ItemRecord;
  readonly kind: "item" | "answer";
  /** Whether the item's id is sent. */
  readonly withId: boolean;
}

/**
 * Projects the window's items for a backend. With `previous`, the result of an earlier call, only the items that came since are looked
 * at where that is possible, and the result is the same as without; `previous` is not to be used after that.
 */
export function project(
  contract: ReplayContract,
  basis: ProjectionBasis,
  items: readonly ItemRecord[],
  previous?: Projection,
): Projection {
  const projection = previous?.isContinuedBy(contract, basis, items)
    ? previous
    : new Projection(contract, basis);
  projection.take(items);
  return projection;
}

/**
 * What is sent of a window: for each item verbatim, changed, or left out, and in which order (R25, R32). It knows items by their headers;
 * their bytes stay where they are. Each item costs constant time, once.
 */
export class Projection {
  readonly contract: ReplayContract;
  readonly issuer: string;
  /** Whether sealed reasoning is asked for (`include`). */
  readonly sealed: boolean;
  readonly #quarantines: readonly Quarantine[];
  readonly #isSetAside: (record: ItemRecord) => boolean;
  readonly #detachThrough: number;

  #items: readonly ItemRecord[] = [];
  #taken = 0;
  #flags = new Uint8Array(64);
  /** One more than the index of the rule by which an item is left out. */
  #rule = new Uint8Array(64);
  /** For an output, the index of the call that it answers; -1 otherwise. */
  #call = new Int32Array(64).fill(-1);
  readonly #order = new ElementOrder();
  /** So many of the flags are held by a snapshot, and must stay as they are in the array that it has. */
  #shared = 0;
  #size = 0;
  #count = 0;

  readonly #open = new OpenCalls<number>();
  readonly #ids = new Map<string, number>();
  readonly #ranges = new Map<number, ValueRange | undefined>();
  #unlocated: number[] = [];

  // The step that the last items of the model belong to, its reasoning that waits for the item it led to, and whether any was left out.
  #step: InStep | undefined;
  #waiting: number[] = [];
  #stepLost = false;

  // For contracts with a window: the newest turn, and how far the turns that left it were looked through.
  #turn = 0;
  #left = 0;
  #leftTurn = 0;
  #leftStep: InStep | undefined;

  constructor(contract: ReplayContract, basis: ProjectionBasis) {
    this.contract = contract;
    this.issuer = basis.issuer;
    this.#quarantines = active(basis);
    const scopes = this.#quarantines.map(({ scope }) => scope);
    this.sealed = !scopes.some(({ kind }) => kind === "sealed");
    this.#isSetAside = setAsideBy(scopes);
    this.#detachThrough = Math.max(
      -1,
      ...scopes.map((scope) => (scope.kind === "item-ids" ? scope.through : -1)),
    );
  }

  /** Bytes of the input: its elements and the commas between them. Exact once nothing is `unlocated`. */
  get bytes(): number {
    return this.#size + Math.max(0, this.#count - 1);
  }

  /** Number of the input's elements. */
  get count(): number {
    return this.#count;
  }

  isContinuedBy(contract: ReplayContract, basis: ProjectionBasis, items: readonly ItemRecord[]): boolean {
    if (contract !== this.contract || basis.issuer !== this.issuer || items.length < this.#taken)
      return false;
    const quarantines = active(basis);
    if (quarantines.length !== this.#quarantines.length) return false;
    if (!quarantines.every((quarantine, at) => quarantine === this.#quarantines[at])) return false;
    return (
      this.#taken === 0 ||
      (items[0] === this.#items[0] && items[this.#taken - 1] === this.#items[this.#taken - 1])
    );
  }

  take(items: readonly ItemRecord[]): void {
    this.#items = items;
    while (this.#taken < items.length) {
      const index = this.#taken++;
      this.#reserve();
      this.#add(index, items[index]!);
    }
  }

  /** Items whose bytes have to be looked at before they can be sent (`locate`): converted outputs and overlong call ids, so hardly any. */
  unlocated(): { index: number; body: BodyRef }[] {
    return this.#unlocated.map((index) => ({ index, body: this.#items[index]!.body }));
  }

  locate(index: number, item: Uint8Array): void {
    this.#unlocated = this.#unlocated.filter((other) => other !== index);
    const isNote = (this.#flags[index]! & flag.note) !== 0;
    this.#size -= this.#sizeOf(index);
    this.#ranges.set(index, locateValue(item, isNote ? "output" : "call_id"));
    this.#size += this.#sizeOf(index);
  }

  /** What is to be written, unaffected by items that are taken later; copied only if what it covers has to change. */
  snapshot(): ProjectedItems {
    this.#shared = this.#taken;
    return {
      items: this.#items,
      order: this.#order.snapshot(),
      flags: this.#flags,
      ranges: this.#ranges,
      callIdLimit: this.contract.callIdLimit,
    };
  }

  /** The elements of `input`, in order. */
  *elements(): Iterable<ProjectedElement> {
    let index = 0;
    for (let position = 0; position < this.#order.length; position++) {
      const at = this.#order.at(position);
      const flags = this.#flags[at]!;
      if ((flags & flag.sent) === 0) continue;
      const record = this.#items[at]!;
      const withId = record.event.id !== undefined && (flags & (flag.detached | flag.note)) === 0;
      yield { index: index++, record, kind: "item", withId };
      if ((flags & flag.answered) !== 0) yield { index: index++, record, kind: "answer", withId: false };
    }
  }

  /** How many sealed items are sent, by the issuer that sealed them. */
  sealedSent(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { record, kind } of this.elements()) {
      if (kind !== "item" || !record.event.sealed) continue;
      const issuer = issuerOf(record) ?? "";
      counts.set(issuer, (counts.get(issuer) ?? 0) + 1);
    }
    return counts;
  }

  /** Every item that is left out or changed, and why, in the order of the log. (Item ids that the contract detaches are not listed.) */
  *report(): Iterable<ReplayEntry> {
    for (let at = 0; at < this.#taken; at++) {
      const { seq } = this.#items[at]!.event;
      const flags = this.#flags[at]!;
      const omitted = rules[this.#rule[at]! - 1];
      const applied: ReplayRule[] = omitted ? [omitted] : [];
      if ((flags & flag.note) !== 0) applied.push("output-without-call");
      if ((flags & flag.answered) !== 0) applied.push("call-without-output");
      if ((flags & flag.shortened) !== 0) applied.push("call-id-too-long");
      for (const rule of applied) yield { seq, rule, why: ruleWords[rule] };
    }
  }

  #add(index: number, record: ItemRecord): void {
    const { event } = record;
    if (event.type === "item-added" && event.turn > this.#turn) {
      this.#turn = event.turn;
      this.#slide();
    }
    if (isModelItem(record)) this.#enterStep(record);
    const rule = this.#ruleAgainst(index, record);
    if (rule) {
      this.#leaveOut(index, rule);
      if (event.kind === "reasoning" && isModelItem(record)) this.#stepLost = true;
    } else if (isOutputKind(event.kind)) this.#addOutput(index, record);
    else if (isModelItem(record)) this.#addModelItem(index, record);
    else {
      this.#interrupt();
      this.#send(index, record, this.#idFlag(record));
    }
  }

  #addModelItem(index: number, record: ItemRecord): void {
    // Outputs of this step that were logged while it was still streaming come after it.
    let position = this.#order.length;
    while (position > 0 && this.#answersStepOf(this.#order.at(position - 1), record)) position--;
    const isReasoning = record.event.kind === "reasoning";
    if (isReasoning) {
      this.#leaveOut(index, "reasoning-unfollowed");
      this.#waiting.push(index);
      this.#order.insert(position, index);
      return;
    }
    for (const waiting of this.#waiting) {
      this.#rule[waiting] = 0;
      this.#set(waiting, flag.sent | this.#idFlag(this.#items[waiting]!));
    }
    this.#waiting = [];
    const detached = this.#stepLost ? flag.detached : 0;
    this.#send(index, record, this.#idFlag(record) | detached, position);
  }

  #addOutput(index: number, record: ItemRecord): void {
    const call = this.#open.take(record.event);
    if (call === undefined) {
      this.#interrupt();
      this.#unlocated.push(index);
      this.#set(index, flag.sent | flag.note);
      this.#order.insert(this.#order.length, index);
      return;
    }
    this.#set(call, this.#flags[call]! & ~flag.answered);
    this.#call[index] = call;
    let position = this.#order.length;
    while (!this.#belongsToStepOf(this.#order.at(position - 1), call)) position--;
    this.#send(index, record, this.#idFlag(record), position);
  }

  #send(index: number, record: ItemRecord, flags: number, position = this.#order.length): void {
    const { kind, call } = record.event;
    const isCall = isCallKind(kind);
    const isPaired = isCall || isOutputKind(kind);
    const isLong = isPaired && call !== undefined && call.length > this.contract.callIdLimit;
    if (isLong) this.#unlocated.push(index);
    if (isCall) this.#open.add(record.event, index);
    this.#order.insert(position, index);
    this.#set(index, flag.sent | flags | (isLong ? flag.shortened : 0) | (isCall ? flag.answered : 0));
  }

  /** The rule by which an item is left out for good, whatever comes after it. */
  #ruleAgainst(index: number, record: ItemRecord): ReplayRule | undefined {
    const { kind, sealed, empty } = record.event;
    if (this.#isSetAside(record)) return "quarantined";
    if (empty) return "empty";
    if (kind === "reasoning" && !sealed) return "not-sealed";
    if (sealed?.shape === "malformed") return "seal-malformed";
    if (sealed && !acceptsSeal(this.contract, this.issuer, record)) {
      return this.contract.sealed === "drop" ? "sealed-dropped" : "sealed-elsewhere";
    }
    if (kind === "reasoning" && !isModelItem(record)) return "reasoning-unfollowed";
    return this.#isRepeated(index, record) ? "duplicate" : undefined;
  }

  /**
   * An item that was sent before. Some gateways give every item the same id, so that an id alone says nothing: a different item of the
   * same id is sent without it.
   */
  #isRepeated(index: number, record: ItemRecord): boolean {
    const { id } = record.event;
    if (!id) return false;
    const before = this.#ids.get(id);
    if (before !== undefined && (this.#isSent(before) || this.#waiting.includes(before)))
      return isSameItem(this.#items[before]!, record);
    this.#ids.set(id, index);
    return false;
  }

  #idFlag(record: ItemRecord): number {
    const { id, seq } = record.event;
    if (id === undefined) return 0;
    if (this.contract.itemIds === "detach" || seq <= this.#detachThrough) return flag.detached;
    const owner = this.#ids.get(id);
    return owner !== undefined && this.#items[owner] !== record ? flag.detached : 0;
  }

  /** Reasoning goes with the response that it led to: one that a response of another step follows was cut off. */
  #enterStep(record: ItemRecord): void {
    if (isSameStep(this.#step, record.event)) return;
    this.#interrupt();
    this.#stepLost = false;
    const { event } = record;
    if (event.type === "item-added") this.#step = { turn: event.turn, step: event.step };
  }

  #interrupt(): void {
    if (this.#waiting.length > 0) this.#stepLost = true;
    this.#waiting = [];
  }

  /** A turn began: what was sealed in turns that leave the contract's window is left out from now on. */
  #slide(): void {
    if (typeof this.contract.sealed !== "object") return;
    this.#interrupt();
    const last = this.#turn - this.contract.sealed.window;
    for (; this.#left < this.#taken - 1; this.#left++) {
      const record = this.#items[this.#left]!;
      const { event } = record;
      if (event.type === "item-added") this.#leftTurn = Math.max(this.#leftTurn, event.turn);
      if (this.#leftTurn > last) return;
      if (!this.#isSent(this.#left)) continue;
      if (event.sealed) {
        this.#leaveOut(this.#left, "sealed-too-old");
        if (event.type === "item-added") this.#leftStep = { turn: event.turn, step: event.step };
      } else if (isModelItem(record) && isSameStep(this.#leftStep, event)) {
        this.#set(this.#left, this.#flags[this.#left]! | flag.detached);
      }
    }
  }

  #answersStepOf(at: number, record: ItemRecord): boolean {
    const call = this.#call[at]!;
    return call >= 0 && isSameStep(record.event, this.#items[call]!.event);
  }

  #belongsToStepOf(at: number, call: number): boolean {
    const record = this.#items[call]!;
    if (at === call || this.#answersStepOf(at, record)) return true;
    const other = this.#items[at]!;
    return isModelItem(other) && isModelItem(record) && isSameStep(record.event, other.event);
  }

  #isSent(index: number): boolean {
    return (this.#flags[index]! & flag.sent) !== 0;
  }

  #leaveOut(index: number, rule: ReplayRule): void {
    this.#rule[index] = rules.indexOf(rule) + 1;
    this.#set(index, 0);
  }

  #set(index: number, flags: number): void {
    this.#size -= this.#sizeOf(index);
    this.#count -= elementsOf(this.#flags[index]!);
    if (index < this.#shared) {
      this.#flags = this.#flags.slice();
      this.#shared = 0;
    }
    this.#flags[index] = flags;
    this.#size += this.#sizeOf(index);
    this.#count += elementsOf(flags);
  }

  #sizeOf(index: number): number {
    return sizeOf(
      this.#items[index]!,
      this.#flags[index]!,
      this.#ranges.get(index),
      this.contract.callIdLimit,
    );
  }

  #reserve(): void {
    if (this.#taken < this.#flags.length) return;
    const size = this.#flags.length * 2;
    const [flags, rule, call] = [new Uint8Array(size), new Uint8Array(size), new Int32Array(size).fill(-1)];
    flags.set(this.#flags);
    rule.set(this.#rule);
    call.set(this.#call);
    [this.#flags, this.#rule, this.#call] = [flags, rule, call];
    this.#shared = 0;
  }
}

function active(basis: ProjectionBasis): Quarantine[] {
  return basis.quarantines.filter((quarantine) => quarantine.refusedBy === basis.issuer);
}

const elementsOf = (flags: number): number =>
  (flags & flag.sent) === 0 ? 0 : (flags & flag.answered) === 0 ? 1 : 2;
