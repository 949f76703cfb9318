import type { ReplayContract } from "../../replay/contract.ts";
import { openai } from "../../replay/contracts/openai.ts";
import { project, type Projection, type ProjectionBasis } from "../../replay/project.ts";
import { countByRule, type ReplayRule, type RuleCount } from "../../replay/report.ts";
import { setAsideBy } from "../../replay/seal.ts";
import type { ItemRecord, Quarantine } from "../../session/event.ts";
import { isCallKind, isOutputKind } from "../../session/item.ts";
import { withoutParameters } from "../../provider/wire/without.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import { displaced, movedTools, withTools } from "./moved-tools.ts";
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
};

interface Sealers {
  /** Who is asked. */
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
  /** As the client sent them. */
  readonly #given: readonly ItemRecord[];
  #items: readonly Uint8Array[];
  #records: readonly ItemRecord[];
  #quarantines: readonly Quarantine[] = [];
  #trial: Quarantine | undefined;
  #guesses: readonly Quarantine[] = [];
  #projection: Projection;
  /** The items that tools came in, as long as these go among the request's own. */
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

  /** The items by the rules for every request and by the quarantines: as they are sent, or would be. */
  get projection(): Projection {
    return this.#projection;
  }

  /** The same without what it is only tried with. */
  get untried(): Projection {
    const isTried = this.#trial !== undefined || this.#guesses.length > 0;
    return isTried ? this.#projected(this.#quarantines).projection : this.#projection;
  }

  /** Settings that it is tried without, all together, because a refusal in words that nobody knows names them. */
  get guesses(): readonly Quarantine[] {
    return this.#guesses;
  }

  set guesses(guesses: readonly Quarantine[]) {
    if (guesses.length === 0 && this.#guesses.length === 0) return;
    this.#guesses = guesses;
    this.#rebuild();
  }

  /** What it is tried with, because nobody knows what it was refused for. */
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

  /** Whether the rules for every request would change it. */
  get isIrregular(): boolean {
    return (
      this.request.isMended || !isVerbatim(this.#projection, this.#items) || changesSettings(this.request)
    );
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
        quarantineOf(
          "item-not-persisted",
          this.#sealers.issuer,
          { kind: "items", seqs: references },
          references.length,
        ),
      ];
    this.#rebuild();
  }

  quarantine(quarantines: readonly Quarantine[]): void {
    this.#quarantines = [...this.#quarantines, ...quarantines];
    this.#rebuild();
  }

  /** Sends a parameter no more. */
  drop(parameter: string): void {
    this.#dropped = [...this.#dropped, parameter];
  }

  /** The blobs that the quarantines set aside, and of which items. */
  setAside(quarantines: readonly Quarantine[]): string[] {
    const isSetAside = setAsideBy(quarantines.map(({ scope }) => scope));
    return [...this.seals].flatMap(([seq, blobs]) => (isSetAside(this.#given[seq]!) ? blobs : []));
  }

  /** What the rules for every request left out or changed. */
  changes(): RuleCount[] {
    const isOfRefusal = (rule: ReplayRule): boolean => rule === "quarantined" || rule === "seal-within";
    return countByRule([...this.#projection.report()].filter(({ rule }) => !isOfRefusal(rule)));
  }

  /** The index into `input` as it goes now, of what the client has at this one. */
  placeOf(index: number): number | undefined {
    for (const element of this.#projection.elements())
      if (element.kind === "item" && element.record.event.seq === index) return element.index;
    return undefined;
  }

  /** The tools that are sent. */
  get tools(): readonly JsonObject[] {
    const { tools } = this.settings;
    return Array.isArray(tools) ? tools.map((tool: unknown) => (isJsonObject(tool) ? tool : {})) : [];
  }

  /** How many of the items that tools came in go among the request's own tools. */
  get moved(): number {
    return this.#moved.length;
  }

  /** The members beside the items, parsed, as they are sent. */
  get settings(): JsonObject {
    return withoutParameters(this.#settings, [...this.#projection.without, ...this.#dropped]);
  }

  /** The same with what is left out, and with the tools that can't go as an item. */
  get #settings(): JsonObject {
    return withTools(
      settingsOf(this.request),
      movedTools(this.request.items, this.isVerbatim ? [] : this.#moved),
    );
  }

  write(): Promise<Buffer> {
    const projection = this.isVerbatim ? undefined : this.#projection;
    return writeRequest(this.request, this.#items, projection, {
      settings: this.#settings,
      without: [...this.#projection.without, ...this.#dropped],
      sealed: this.#projection.sealed,
    });
  }

  #inForce(): readonly Quarantine[] {
    return [...this.#quarantines, ...this.#guesses, ...(this.#trial ? [this.#trial] : [])];
  }

  /** Tools that came as an item, and can't go as one, go among the request's own: they are there to be called. */
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
    const gone = quarantineOf("item-type-unsupported", issuer, { kind: "items", seqs: moved }, moved.length);
    return { projection: project(asSent, basis([...quarantines, gone]), this.#records), moved };
  }

  #rebuild(): void {
    const unknown = this.#inForce().flatMap(({ scope }) =>
      scope.kind === "parameter" ? (itemMember(scope.parameter) ?? []) : [],
    );
    const isOther = this.#items !== this.request.items;
    if (unknown.length > 0 || isOther || this.#byId !== this.request.isStored) {
      this.#items = this.request.items.map((item) => unknown.reduce(withoutMember, item));
      this.#records = recordsOf(this.#items, { ...this.#sealers, byId: this.#byId }).records;
    }
    ({ projection: this.#projection, moved: this.#moved } = this.#projected());
  }
}

/** A member of every item, named like a parameter: `input[].namespace`, or `input[].role=system` for what goes in a developer's place, or back. */
export const itemMember = (parameter: string): string | undefined =>
  /^input\[\]\.(\w+(?:=\w+)?)$/u.exec(parameter)?.[1];

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

/** The name under which a member is remembered that a provider doesn't know; `undefined` for one that an item needs. */
export const memberParameter = (member: string | undefined): string | undefined =>
  member === undefined || member === "" || neededMembers.has(member) ? undefined : `input[].${member}`;

/** A parameter's scope changes no items, but for `include`, without which nothing sealed is sent. */
const isSetting = (scope: Quarantine["scope"]): boolean =>
  scope.kind === "parameter" && scope.parameter !== "include";

export function quarantineOf(
  why: string,
  refusedBy: string,
  scope: Quarantine["scope"],
  count: number,
): Quarantine {
  return { rung: 0, why, refusedBy, scope, count };
}
