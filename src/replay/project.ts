import type { BodyRef, ItemRecord, Quarantine } from "../session/event.ts";
import { isCallKind, isFurtherOutput, isOutputKind, isSealHolder } from "../session/item.ts";
import { isSealedSummary } from "../session/seal.ts";
import { OpenCalls } from "../session/open-calls.ts";
import type { ReplayContract } from "./contract.ts";
import { activeQuarantines, Directives, isSameList, type ProjectionBasis } from "./directives.ts";
import type { ProjectedItems } from "./element.ts";
import { roleOf } from "./ends.ts";
import { explain } from "./explain.ts";
import { flag } from "./flag.ts";
import { keepsId } from "./item-id.ts";
import { Layout, type ProjectedElement } from "./layout.ts";
import { type InStep, isMadeUp, isModelItem, isSameItem, isSameStep } from "./likeness.ts";
import { MediaWindow } from "./media-window.ts";
import type { ReplayEntry, ReplayRule } from "./report.ts";
import { issuerOf } from "./seal.ts";
import { SealWindow } from "./seal-window.ts";

export type { ProjectionBasis } from "./directives.ts";
export type { ProjectedElement } from "./layout.ts";

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
 * What is sent of a window: each item verbatim, changed, or left out, and in which order (R25, R32). It decides by the items' headers;
 * their bytes stay in the store. Each item is looked at once, in constant time.
 */
export class Projection {
  /** The backend's contract, as it is without quarantines. */
  readonly contract: ReplayContract;
  readonly issuer: string;
  readonly model: string | undefined;
  /** Whether sealed reasoning is asked for (`include`). */
  readonly sealed: boolean;
  readonly #quarantines: readonly Quarantine[];
  readonly #takesSealed: boolean;
  /** Its contract is that of the backend as the quarantines have changed it. */
  readonly #directives: Directives;

  #items: readonly ItemRecord[] = [];
  #taken = 0;
  readonly #layout: Layout;

  readonly #open = new OpenCalls<number>();
  /** By call id: a call whose answer was made up because there was no output, and that answer. */
  readonly #madeUp = new Map<string, { call: number; answer: number }>();
  readonly #ids = new Map<string, number>();
  readonly #media: MediaWindow;
  readonly #seals: SealWindow | undefined;

  // The step of the model's latest items, its reasoning that is held until the item it led to comes, and whether any of it was left out.
  #step: InStep | undefined;
  #waiting: number[] = [];
  #stepLost = false;

  // For contracts that require plain reasoning where tools are called: whether a tool was called since the user's last message, and the
  // reasoning that is held until one is.
  #isCalled = false;
  #held: number[] = [];

  #turn = 0;

  constructor(contract: ReplayContract, basis: ProjectionBasis) {
    this.issuer = basis.issuer;
    this.model = basis.model;
    this.contract = contract;
    this.#quarantines = activeQuarantines(basis);
    this.#takesSealed = basis.sealed ?? true;
    this.#directives = new Directives(contract, this.issuer, this.#quarantines, this.#takesSealed);
    this.sealed = this.#directives.sealed;
    const changed = this.#directives.contract;
    this.#layout = new Layout(changed, this.#directives.outputLimit);
    this.#media = new MediaWindow(changed.media);
    const { sealed } = changed;
    if (typeof sealed === "object") this.#seals = new SealWindow(sealed.window, this.#layout);
  }

  /** Parameters that the request goes without, because the endpoint refused them. */
  get without(): readonly string[] {
    return this.#directives.without(this.#turn);
  }

  /** Responses that ended up to this sequence number are lost: the endpoint has said that it doesn't keep them. */
  get chainLost(): number {
    return this.#directives.chainLost;
  }

  /** The newest turn of the window. */
  get turn(): number {
    return this.#turn;
  }

  /** Bytes of the input: its elements and the commas between them. Exact once nothing is `unlocated`. */
  get bytes(): number {
    return this.#layout.bytes;
  }

  /** Number of the input's elements. */
  get count(): number {
    return this.#layout.count;
  }

  /** By how many bytes the input is larger than the contract allows; 0 when it fits. */
  get excess(): number {
    return Math.max(0, this.bytes - (this.#directives.contract.maxBytes ?? Number.POSITIVE_INFINITY));
  }

  /** Whether a projection of these is this one with the items that it has not taken yet. */
  isContinuedBy(contract: ReplayContract, basis: ProjectionBasis, items: readonly ItemRecord[]): boolean {
    if (contract !== this.contract || basis.issuer !== this.issuer || basis.model !== this.model)
      return false;
    if (items.length < this.#taken || (basis.sealed ?? true) !== this.#takesSealed) return false;
    if (!isSameList(activeQuarantines(basis), this.#quarantines)) return false;
    return (
      this.#taken === 0 ||
      (items[0] === this.#items[0] && items[this.#taken - 1] === this.#items[this.#taken - 1])
    );
  }

  /** The same window with one quarantine more. */
  with(quarantine: Quarantine): Projection {
    const { issuer, model } = this;
    const basis = {
      issuer,
      sealed: this.#takesSealed,
      quarantines: [...this.#quarantines, quarantine],
      ...(model !== undefined && { model }),
    };
    return project(this.contract, basis, this.#items);
  }

  /** Whether both make the same request, as far as it depends on the projection. */
  isSameRequest(other: Projection): boolean {
    if (this.sealed !== other.sealed || this.without.join() !== other.without.join()) return false;
    if (this.chainLost !== other.chainLost) return false;
    return this.#layout.isSameAs(other.#layout);
  }

  /** The log's call id for the one that was sent, and that an error names. */
  callNamed(sent: string): string {
    return this.#layout.callNamed(sent);
  }

  /** Takes the items that came since; the earlier ones have to be those that were taken. */
  take(items: readonly ItemRecord[]): void {
    this.#items = items;
    while (this.#taken < items.length) {
      const index = this.#taken++;
      this.#layout.reserve(items, this.#taken);
      this.#add(index, items[index]!);
    }
  }

  /** Items whose bytes have to be looked at before they can be sent (`locate`): those that are changed, so hardly any. */
  unlocated(): { index: number; body: BodyRef }[] {
    return this.#layout.unlocated();
  }

  /** Works out from an item's bytes how it is sent. */
  locate(index: number, item: Uint8Array): void {
    this.#layout.locate(index, item);
  }

  /** What is to be written, unaffected by items that are taken later; copied only if what it covers has to change. */
  snapshot(): ProjectedItems {
    return this.#layout.snapshot();
  }

  /** The elements of `input`, in order. */
  elements(): Iterable<ProjectedElement> {
    return this.#layout.elements();
  }

  /** Items of the window that are left out because they were set aside. */
  setAside(): ItemRecord[] {
    return this.#items.filter((_, at) => at < this.#taken && this.#layout.rule(at) === "quarantined");
  }

  /** How many sealed items are sent, by the issuer that sealed them. */
  sealedSent(): Map<string, number> {
    return this.#layout.sealedSent();
  }

  /** Every item that is left out or changed, and why, in the order of the log. (Item ids that the contract detaches are not listed.) */
  *report(): Iterable<ReplayEntry> {
    for (let at = 0; at < this.#taken; at++) {
      yield* explain(this.#items[at]!, this.#layout.flags(at), this.#layout.rule(at), this.#directives);
    }
    yield* this.#layout.ends().entries;
  }

  #add(index: number, record: ItemRecord): void {
    const { event } = record;
    if (event.type === "item-added" && event.turn > this.#turn) {
      this.#turn = event.turn;
      if (this.#seals) this.#interrupt();
      this.#seals?.slide(this.#turn, this.#items, index);
    }
    if (isModelItem(record)) this.#enterStep(record);
    const rule = this.#ruleAgainst(index, record);
    const isSummary = this.#directives.contract.lostSummaries === "told" && isSealedSummary(event.kind);
    if (rule && rule !== "duplicate" && isSummary) {
      this.#interrupt();
      this.#layout.order.begin(index);
      this.#layout.send(index, flag.told | flag.unsealed);
    } else if (rule) {
      this.#layout.leaveOut(index, rule);
      if (event.kind === "reasoning" && isModelItem(record)) this.#stepLost = true;
    } else if (isOutputKind(event.kind)) this.#addOutput(index, record);
    else if (isModelItem(record)) this.#addModelItem(index, record);
    else {
      this.#interrupt();
      if (event.kind === "message" && event.role === "user") {
        this.#isCalled = false;
        this.#held = [];
      }
      const { order } = this.#layout;
      // What a search for tools has found stands among the outputs of its step, as it came; in words, behind them.
      if (event.kind === "tool_search_output" && order.lastRun >= 0)
        order.answer(index, order.lastRun, this.#directives.wordsRule(record) !== undefined);
      else order.begin(index);
      this.#send(index, record, this.#idFlag(record));
    }
  }

  #addModelItem(index: number, record: ItemRecord): void {
    const { order } = this.#layout;
    const run = this.#items[order.lastRun];
    if (run && isModelItem(run) && isSameStep(run.event, record.event)) order.join(index);
    else order.begin(index);
    if (record.event.kind === "reasoning" && this.#directives.wordsRule(record) === undefined) {
      this.#layout.leaveOut(index, "reasoning-unfollowed");
      this.#waiting.push(index);
      return;
    }
    const followed = this.#waiting;
    this.#waiting = [];
    for (const waiting of followed) this.#release(waiting);
    const detached = this.#stepLost ? flag.detached : 0;
    this.#send(index, record, this.#idFlag(record) | detached);
  }

  /**
   * The item that the held reasoning led to has come: the reasoning is sent, or held further for a call where only exchanges with calls
   * keep theirs.
   */
  #release(index: number): void {
    const record = this.#items[index]!;
    const needsCall = this.#directives.contract.reasoningText === "required" && !record.event.sealed;
    if (needsCall && !this.#isCalled) {
      this.#layout.leaveOut(index, "reasoning-text");
      this.#held.push(index);
      return;
    }
    const wordless = this.#directives.isWordless(record) ? flag.wordless : 0;
    this.#layout.send(index, wordless | this.#idFlag(record));
  }

  #addOutput(index: number, record: ItemRecord): void {
    const call = this.#open.take(record.event) ?? this.#lateCall(record);
    if (call === undefined) {
      this.#interrupt();
      this.#layout.order.begin(index);
      const unsealed = isSealHolder(record.event) ? flag.unsealed : 0;
      this.#layout.send(index, flag.note | unsealed | this.#sizeFlags(index, record));
      return;
    }
    const isTold = this.#directives.wordsRule(record) !== undefined || this.#layout.has(call, flag.told);
    const callFlags = this.#layout.flags(call) & ~flag.answered;
    this.#layout.send(call, isTold ? callFlags | flag.told : callFlags);
    this.#layout.order.answer(index, call, isTold);
    if (isMadeUp(record)) this.#madeUp.set(record.event.call ?? "", { call, answer: index });
    const isRenamed = !isTold && this.#layout.callIds.takeOutput(index, call);
    const how = (isTold ? flag.told : 0) | (isRenamed ? flag.renamed : 0);
    this.#send(index, record, this.#idFlag(record) | how);
  }

  /**
   * The call of an output that came after an answer was made up for it: Codex was still running the call when its session was taken over, or
   * a second Codex began a turn meanwhile. The answer is left out then.
   */
  #lateCall(record: ItemRecord): number | undefined {
    const { kind, call = "", name = "" } = record.event;
    const known = this.#madeUp.get(call);
    if (known === undefined || isMadeUp(record) || isFurtherOutput(kind, name)) return undefined;
    if (this.#items[known.answer]!.event.kind !== kind) return undefined;
    this.#madeUp.delete(call);
    this.#layout.leaveOut(known.answer, "answer-outdated");
    return known.call;
  }

  /** Sends an item, which has its place. */
  #send(index: number, record: ItemRecord, flags: number): void {
    const { event } = record;
    let how = flags | this.#sizeFlags(index, record);
    if (this.#directives.wordsRule(record) !== undefined) how |= flag.told;
    if (this.#directives.isTranscript(record)) how |= event.id === undefined ? 0 : flag.detached;
    const isTold = (how & flag.told) !== 0 && isSealHolder(event);
    if (isTold || this.#directives.isUnsealed(record)) how |= flag.unsealed;
    if (
      event.kind === "message" &&
      event.role !== undefined &&
      roleOf(record, this.#directives.contract) !== event.role
    )
      how |= flag.recast;
    if (isCallKind(event.kind)) {
      this.#open.add(event, index);
      if ((how & flag.told) === 0) {
        this.#isCalled = true;
        for (const held of this.#held.splice(0)) this.#release(held);
        how |= flag.answered;
        if (this.#layout.callIds.takeCall(index, record)) how |= flag.renamed;
        const keepsSignature =
          this.#directives.contract.openLoop === "thought-signatures" && issuerOf(record) === this.issuer;
        if (event.signed && !keepsSignature) how |= flag.unsigned;
      }
    }
    this.#layout.send(index, how);
  }

  #sizeFlags(index: number, record: ItemRecord): number {
    const { media } = record.event;
    let how = this.#directives.lengthFlag(record);
    if (!media) return how;
    if (this.#directives.mediaRule(record) !== undefined) return how | flag.placeheld;
    for (const left of this.#media.take(index, media)) {
      if (left === index) how |= flag.placeheld;
      else if (this.#layout.isSent(left)) this.#layout.send(left, this.#layout.flags(left) | flag.placeheld);
    }
    return media.largest > (this.#directives.contract.media.maxPartBytes ?? Number.POSITIVE_INFINITY)
      ? how | flag.trimmed
      : how;
  }

  /** The rule by which an item is left out for good, whatever comes after it. */
  #ruleAgainst(index: number, record: ItemRecord): ReplayRule | undefined {
    const rule = this.#directives.ruleAgainst(record);
    if (rule) return rule;
    if (record.event.kind === "reasoning" && !isModelItem(record)) return "reasoning-unfollowed";
    return this.#isRepeated(index, record) ? "duplicate" : undefined;
  }

  /**
   * Whether the item was sent before. Some gateways give every item the same id, so an id alone proves nothing: a different item with a
   * known id is sent without the id.
   */
  #isRepeated(index: number, record: ItemRecord): boolean {
    const { id } = record.event;
    if (!id) return false;
    const before = this.#ids.get(id);
    if (
      before !== undefined &&
      (this.#layout.isSent(before) || this.#waiting.includes(before) || this.#held.includes(before))
    )
      return isSameItem(this.#items[before]!, record);
    this.#ids.set(id, index);
    return false;
  }

  #idFlag(record: ItemRecord): number {
    const { id, seq } = record.event;
    if (id === undefined) return 0;
    if (seq <= this.#directives.detachThrough || !keepsId(record, this.#directives.contract, this.issuer))
      return flag.detached;
    const owner = this.#ids.get(id);
    return owner !== undefined && this.#items[owner] !== record ? flag.detached : 0;
  }

  /**
   * Ends the step before. Reasoning of a step that had no further item is dropped: the response was cut off, and reasoning is only sent
   * with what it led to.
   */
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
}
