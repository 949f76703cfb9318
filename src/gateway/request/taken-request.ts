import type { ReplayContract } from "../../replay/contract.ts";
import { openai } from "../../replay/contracts/openai.ts";
import { project, type Projection, type ProjectionBasis } from "../../replay/project.ts";
import { flag } from "../../replay/flag.ts";
import { countByRule, type ReplayRule, type RuleCount } from "../../replay/report.ts";
import { setAsideBy } from "../../replay/seal.ts";
import type { ItemRecord, Quarantine } from "../../session/event.ts";
import { isCallKind, isOutputKind } from "../../session/item.ts";
import { isSealedSummary } from "../../session/seal.ts";
import { withoutParameters } from "../../provider/wire/without.ts";
import { type JsonObject, objectOf } from "../../lib/json.ts";
import { displaced, movedTools, withoutTools, withTools } from "./moved-tools.ts";
import { type ReadRequest, recordsOf, settingsOf, withoutMember } from "./read-request.ts";
import { changesSettings, isVerbatim, writeRequest } from "./write-request.ts";

/**
 * A client's own history as it stands: nothing is left out but what no request may have whatever its backend (calls without outputs, items
 * twice, call ids that are too long). Repairs of the ladder come on top of it.
 */
const asSent: ReplayContract = {
  ...openai,
  name: "as-sent",
  sealed: "replay",
  reasoningText: "allowed",
  itemIds: "keep",
  openLoop: "thought-signatures",
  lostSummaries: "told",
};

interface Sealers {
  /** Whom the request goes to. */
  readonly issuer: string;
  /** Who was seen to seal a blob, by its hash. */
  sealedBy(blob: string): string | undefined;
}

/** A request that was taken apart: its items projected like those of a session's log, with quarantines, and written again. */
export class TakenRequest {
  readonly request: ReadRequest;
  /** Hashes of the sealed blobs of each item that has any, by its index. */
  readonly seals: ReadonlyMap<number, readonly string[]>;
  readonly #sealers: Sealers;
  /** Records of the items as the client sent them. */
  readonly #given: readonly ItemRecord[];
  #items: readonly Uint8Array[];
  #records: readonly ItemRecord[];
  #quarantines: readonly Quarantine[] = [];
  #trial: Quarantine | undefined;
  #guesses: readonly Quarantine[] = [];
  #projection: Projection;
  /** Indexes of the items whose tools go among the request's own. */
  #moved: readonly number[];
  #isStructured = false;
  #byId: boolean;
  #dropped: readonly string[] = [];

  constructor(request: ReadRequest, sealers: Sealers) {
    this.request = request;
    this.#sealers = sealers;
    this.#byId = request.isStored;
    const { records, seals } = recordsOf(request.items, { ...sealers, byId: this.#byId });
    this.#given = records;
    this.seals = seals;
    this.#items = request.items;
    this.#records = records;
    ({ projection: this.#projection, moved: this.#moved } = this.#projected());
  }

  /**
   * The items after the rules for every request and the quarantines in force. This is what is sent, unless they go as the client sent them
   * (`isVerbatim`).
   */
  get projection(): Projection {
    return this.#projection;
  }

  /** The same without the trial and the guesses. */
  get untried(): Projection {
    const isTried = this.#trial !== undefined || this.#guesses.length > 0;
    return isTried ? this.#projected(this.#quarantines).projection : this.#projection;
  }

  /** Quarantines of settings that a refusal in unknown words seems to name: the request is tried without all of them together. */
  get guesses(): readonly Quarantine[] {
    return this.#guesses;
  }

  set guesses(guesses: readonly Quarantine[]) {
    if (guesses.length === 0 && this.#guesses.length === 0) return;
    this.#guesses = guesses;
    this.#rebuild();
  }

  /** The quarantine that it is tried with, because it was refused for an unknown reason. */
  get trial(): Quarantine | undefined {
    return this.#trial;
  }

  set trial(quarantine: Quarantine | undefined) {
    if (quarantine === this.#trial) return;
    this.#trial = quarantine;
    this.#rebuild();
  }

  /** The index of the last item; -1 when there is none. */
  get last(): number {
    return this.#items.length - 1;
  }

  /** The records of the client's items. */
  get records(): readonly ItemRecord[] {
    return this.#given;
  }

  /** Whether the items go as the client sent them. */
  get isVerbatim(): boolean {
    return !this.#isStructured && this.#inForce().every(({ scope }) => isSetting(scope));
  }

  get isStructured(): boolean {
    return this.#isStructured;
  }

  /** Whether reasoning may be sent by its id alone. */
  get byId(): boolean {
    return this.#byId;
  }

  /** Whether the rules for every request would change anything. */
  get isIrregular(): boolean {
    return (
      this.request.isMended || !isVerbatim(this.#projection, this.#items) || changesSettings(this.request)
    );
  }

  /** Whether an item stands for one that the provider keeps: a reference, or reasoning without its seal. */
  get holdsReferences(): boolean {
    return this.#given.some(({ event }) => referring.has(event.kind) && !event.sealed);
  }

  /** Whether an item, as it is sent now, has a member (as `itemMember` gives it). */
  hasMember(member: string): boolean {
    return this.#items.some((item) => withoutMember(item, member) !== item);
  }

  /** Whether a blob that was cut or edited would be sent. */
  get hasMalformedSeal(): boolean {
    return [...this.#projection.report()].some(({ rule }) => rule === "seal-malformed");
  }

  /** Whether the body holds the whole conversation, though it names a response that it continues. */
  get isFull(): boolean {
    const isModels = this.#given.some(({ event }) => event.type === "item-added" && event.origin === "model");
    const calls = new Set(this.#given.flatMap(({ event }) => (isCallKind(event.kind) ? [event.call] : [])));
    return isModels && this.#given.every(({ event }) => !isOutputKind(event.kind) || calls.has(event.call));
  }

  /** Applies the rules for every request. `byId`: whether reasoning may be sent by its id alone. */
  structure(byId: boolean): void {
    this.#isStructured = true;
    this.#byId &&= byId;
    const references = this.#given.flatMap(({ event }) =>
      !this.#byId && event.kind === "item_reference" ? [event.seq] : [],
    );
    if (references.length > 0)
      this.#quarantines = [
        ...this.#quarantines,
        quarantineOfItems("item-not-persisted", this.#sealers.issuer, references),
      ];
    this.#rebuild();
  }

  quarantine(quarantines: readonly Quarantine[]): void {
    this.#quarantines = [...this.#quarantines, ...quarantines];
    this.#rebuild();
  }

  /** Leaves a parameter out of this request alone: nothing is remembered of it. */
  drop(parameter: string): void {
    this.#dropped = [...this.#dropped, parameter];
  }

  /** Hashes of the blobs that these quarantines set aside. */
  setAside(quarantines: readonly Quarantine[]): string[] {
    const isSetAside = setAsideBy(quarantines.map(({ scope }) => scope));
    return [...this.seals].flatMap(([seq, blobs]) => (isSetAside(this.#given[seq]!) ? blobs : []));
  }

  /** What the rules for every request left out or changed. */
  changes(): RuleCount[] {
    const isOfRefusal = (rule: ReplayRule): boolean => rule === "quarantined" || rule === "seal-within";
    return countByRule([...this.#projection.report()].filter(({ rule }) => !isOfRefusal(rule)));
  }

  /** Whether items go in another order than the client's: an output stands right behind its call. */
  get isReordered(): boolean {
    const order = Array.from(this.#projection.elements(), ({ record }) => record.event.seq);
    return order.some((seq, at) => seq < (order[at - 1] ?? 0));
  }

  /** In the place of how many sealed summaries words are sent. */
  get lostSummaries(): number {
    let lost = 0;
    for (const { record, flags } of this.#projection.elements())
      if (isSealedSummary(record.event.kind) && (flags & flag.told) !== 0) lost++;
    return lost;
  }

  /** The index, in `input` as the projection has it, of the client's item at this one; `undefined` when that isn't sent. */
  placeOf(index: number): number | undefined {
    for (const element of this.#projection.elements())
      if (element.kind === "item" && element.record.event.seq === index) return element.index;
    return undefined;
  }

  /** The tools that are sent: the request's own, and then those that come as an item. */
  get tools(): readonly JsonObject[] {
    const { tools } = this.settings;
    const own = Array.isArray(tools) ? tools.map(objectOf) : [];
    return [...own, ...this.#broughtBy((at) => this.#sentAt(at) !== undefined)];
  }

  /** The tools of the item at an index of `input` as it is sent. */
  toolsOf(index: number): readonly JsonObject[] {
    return this.#broughtBy((at) => this.#sentAt(at) === index);
  }

  #broughtBy(isMeant: (at: number) => boolean): JsonObject[] {
    return movedTools(this.#items, this.#bringing.filter(isMeant)).map(objectOf);
  }

  #sentAt(index: number): number | undefined {
    return this.isVerbatim ? index : this.placeOf(index);
  }

  /** Indexes of the items that tools come in. */
  get #bringing(): number[] {
    return this.#given.flatMap(({ event }) => (event.kind === "additional_tools" ? [event.seq] : []));
  }

  /** Of how many items the tools go among the request's own. */
  get moved(): number {
    return this.#moved.length;
  }

  /** The members beside the items, parsed, as they are sent. */
  get settings(): JsonObject {
    return withoutParameters(this.#settings, this.#without);
  }

  /** The parameters that are left out. */
  get #without(): readonly string[] {
    return [...this.#projection.without, ...this.#dropped];
  }

  /** The same, still with the parameters that are left out, and with the tools that can't go as an item. */
  get #settings(): JsonObject {
    return withTools(
      settingsOf(this.request),
      movedTools(this.request.items, this.isVerbatim ? [] : this.#moved),
    );
  }

  /** The bytes of the request as it is to be sent. */
  write(): Promise<Buffer> {
    const projection = this.isVerbatim ? undefined : this.#projection;
    return writeRequest(this.request, this.#items, projection, {
      settings: this.#settings,
      without: this.#without,
      sealed: this.#projection.sealed,
    });
  }

  #inForce(): readonly Quarantine[] {
    return [...this.#quarantines, ...this.#guesses, ...(this.#trial ? [this.#trial] : [])];
  }

  /** Tools that came as an item, and can't go as one (`moved`), go among the request's own, so that they can still be called. */
  #projected(quarantines = this.#inForce()): { projection: Projection; moved: readonly number[] } {
    const { issuer } = this.#sealers;
    const { model } = this.request;
    const basis = (all: readonly Quarantine[]): ProjectionBasis => ({
      issuer,
      quarantines: all,
      ...(model !== undefined && { model }),
    });
    const projection = project(asSent, basis(quarantines), this.#records);
    const moved = displaced(projection, this.#records);
    if (moved.length === 0) return { projection, moved };
    const gone = quarantineOfItems("item-type-unsupported", issuer, moved);
    return { projection: project(asSent, basis([...quarantines, gone]), this.#records), moved };
  }

  #rebuild(): void {
    const refused = this.#inForce().flatMap(({ scope }) =>
      scope.kind === "parameter" ? [scope.parameter] : [],
    );
    const unknown = refused.flatMap((parameter) => itemMember(parameter) ?? []);
    const tools = refused.filter((parameter) => parameter.startsWith("tools["));
    const bringing = new Set(tools.length > 0 ? this.#bringing : []);
    const isOther = this.#items !== this.request.items;
    if (unknown.length + bringing.size > 0 || isOther || this.#byId !== this.request.isStored) {
      this.#items = this.request.items.map((item, at) =>
        unknown.reduce(withoutMember, bringing.has(at) ? withoutTools(item, tools) : item),
      );
      this.#records = recordsOf(this.#items, { ...this.#sealers, byId: this.#byId }).records;
    }
    ({ projection: this.#projection, moved: this.#moved } = this.#projected());
  }
}

/**
 * The member that a parameter means which stands for a member of every item (as `withoutMember` takes it): `namespace` for
 * `input[].namespace`, `role=system` for `input[].role=system`; `undefined` for any other parameter.
 */
export const itemMember = (parameter: string): string | undefined =>
  /^input\[\]\.(\w+(?:=\w+)?)$/u.exec(parameter)?.[1];

const referring: ReadonlySet<string> = new Set(["item_reference", "reasoning"]);

/** What an item can't go without. */
const neededMembers: ReadonlySet<string> = new Set([
  "action",
  "author",
  "arguments",
  "call_id",
  "content",
  "encrypted_content",
  "input",
  "name",
  "output",
  "recipient",
  "role",
  "summary",
  "text",
  "type",
]);

/** The parameter by which it is remembered that a provider doesn't know a member of items; `undefined` for one that an item needs. */
export const memberParameter = (member: string | undefined): string | undefined =>
  member === undefined || member === "" || neededMembers.has(member) ? undefined : `input[].${member}`;

/**
 * Whether a scope leaves the projection of the items alone: that of a parameter does, but for `include`, without which nothing sealed is
 * sent.
 */
const isSetting = (scope: Quarantine["scope"]): boolean =>
  scope.kind === "parameter" && scope.parameter !== "include";

// Quarantines that the gateway makes itself, beside those of the policy. `why` is a class, or what stands for one in the ledger.

/** Leaves these items out of requests to an issuer. */
export const quarantineOfItems = (why: string, refusedBy: string, seqs: readonly number[]): Quarantine => ({
  rung: 0,
  why,
  refusedBy,
  scope: { kind: "items", seqs: [...seqs] },
  count: seqs.length,
});

/** Leaves a parameter out of requests to an issuer. */
export const quarantineOfParameter = (why: string, refusedBy: string, parameter: string): Quarantine => ({
  rung: 0,
  why,
  refusedBy,
  scope: { kind: "parameter", parameter },
  count: 0,
});
