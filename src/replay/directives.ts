import type { FailureClass } from "../failure/catalogue.ts";
import type { ItemRecord, Quarantine } from "../session/event.ts";
import type { QuarantineScope } from "../session/quarantine-scope.ts";
import { isOutputKind, isSealHolder } from "../session/item.ts";
import type { ReplayContract } from "./contract.ts";
import { flag } from "./flag.ts";
import type { ReplayRule } from "./report.ts";
import { acceptsSeal, lastBySeq, setAsideBy } from "./seal.ts";

/** Who a request goes to, and the session's quarantines, of which those of other issuers don't count. */
export interface ProjectionBasis {
  /** The provider's issuer (see `provider.ts`). */
  readonly issuer: string;
  /** The model that is asked; what another model refused of a request, or had no room for, doesn't count. */
  readonly model?: string;
  /** Whether requests like this one hold sealed reasoning and ask for it (`takesSealed` of `provider.ts`); absent: they do. */
  readonly sealed?: boolean;
  readonly quarantines: readonly Quarantine[];
}

/** The quarantines that hold for a request. */
export function activeQuarantines({ issuer, model, quarantines }: ProjectionBasis): Quarantine[] {
  return quarantines.filter(
    ({ refusedBy, scope }) =>
      refusedBy === issuer && (!("model" in scope) || scope.model === undefined || scope.model === model),
  );
}

/** Whether two lists hold the same values in the same order. */
export const isSameList = (left: readonly unknown[], right: readonly unknown[]): boolean =>
  left.length === right.length && left.every((value, at) => value === right[at]);

/** Bytes around an output's text, and what shortening has to save to be worth it. */
const outputMargin = 256;

/** Whether items are set aside for what is sealed in them, and not as copies of others. */
const isOfSeals = ({ scope, why }: Quarantine): boolean =>
  scope.kind !== "items" || why !== ("duplicate-item" satisfies FailureClass);

/** What contract and quarantines together say about items. */
export class Directives {
  /** The contract as the quarantines have changed it. */
  readonly contract: ReplayContract;
  /** Whether sealed reasoning is asked for. */
  readonly sealed: boolean;
  readonly #isSetAside: (record: ItemRecord) => boolean;
  /** As `#isSetAside`, by the quarantines of seals alone: items that hold more than a seal are sent without it, and not left out. */
  readonly #isUnsealed: (record: ItemRecord) => boolean;
  readonly #isHolderSetAside: (record: ItemRecord) => boolean;
  readonly detachThrough: number;
  /** Responses that ended up to this sequence number are not built on (see `chain.ts`). */
  readonly chainLost: number;
  /** Bytes of a tool output's text that are sent where it is shortened. */
  readonly outputLimit: number;
  readonly #outputsThrough: number;
  readonly #transcriptThrough: number;
  readonly #mediaThrough: number;
  readonly #mediaOf: ReadonlySet<number>;
  readonly #wordless: ReadonlySet<number>;
  readonly #notes: ReadonlySet<number>;
  readonly #refusedTypes: ReadonlySet<string>;
  readonly #acceptedTypes: ReadonlySet<string> | undefined;
  readonly #parameters: readonly Extract<QuarantineScope, { kind: "parameter" }>[];

  readonly #issuer: string;

  /** `quarantines`: those that hold for requests to this issuer; `sealed`: as in `ProjectionBasis`. */
  constructor(contract: ReplayContract, issuer: string, quarantines: readonly Quarantine[], sealed: boolean) {
    this.#issuer = issuer;
    const scopes = quarantines.map(({ scope }) => scope);
    const ofKind = <K extends QuarantineScope["kind"]>(kind: K): Extract<QuarantineScope, { kind: K }>[] =>
      scopes.filter((scope): scope is Extract<QuarantineScope, { kind: K }> => scope.kind === kind);
    const through = (kind: "item-ids" | "transcript"): number =>
      Math.max(-1, ...ofKind(kind).map((scope) => scope.through));
    this.#parameters = ofKind("parameter");
    const isIncluded = sealed && !this.#parameters.some(({ parameter }) => parameter === "include");
    this.sealed = isIncluded && ofKind("sealed").length === 0;
    this.contract = {
      ...contract,
      ...(!isIncluded && { sealed: "drop" }),
      ...(ofKind("reasoning-text").length > 0 && { reasoningText: "allowed" }),
      ...(ofKind("thought-signatures").length > 0 && { openLoop: "thought-signatures" }),
      ...(ofKind("call-ids").length > 0 && { callIds: "word" }),
      callIdLimit: Math.min(contract.callIdLimit, ...ofKind("call-ids").map(({ limit }) => limit)),
    };
    this.#isSetAside = setAsideBy(scopes);
    this.#isUnsealed = setAsideBy(quarantines.filter(isOfSeals).map(({ scope }) => scope));
    const others = quarantines.filter((each) => each.scope.kind === "restored" || !isOfSeals(each));
    this.#isHolderSetAside = setAsideBy(others.map(({ scope }) => scope));
    this.chainLost = Math.max(
      -1,
      ...ofKind("chain").map((scope) => scope.through ?? Number.POSITIVE_INFINITY),
    );
    // When a kept response is gone, its items may be gone too: their ids are not sent either.
    this.detachThrough = Math.max(through("item-ids"), this.chainLost);
    this.#transcriptThrough = through("transcript");
    this.outputLimit = Math.min(
      Number.POSITIVE_INFINITY,
      ...ofKind("outputs").map(({ keepBytes }) => keepBytes),
    );
    this.#outputsThrough = Math.max(-1, ...ofKind("outputs").map((scope) => scope.through));
    const media = ofKind("media");
    this.#mediaThrough = Math.max(-1, ...media.map((scope) => (scope.seqs ? -1 : scope.through)));
    this.#mediaOf = new Set(media.flatMap(({ seqs }) => seqs ?? []));
    const restored = lastBySeq(scopes, "restored");
    const unrestored = (kind: "content" | "notes"): Set<number> => {
      const named = [...lastBySeq(scopes, kind)];
      return new Set(named.flatMap(([seq, at]) => (at > (restored.get(seq) ?? -1) ? [seq] : [])));
    };
    this.#wordless = unrestored("content");
    this.#notes = unrestored("notes");
    this.#refusedTypes = new Set(ofKind("item-type").map(({ itemType }) => itemType));
    this.#acceptedTypes = contract.itemTypes === "any" ? undefined : new Set(contract.itemTypes);
  }

  /** The parameters that a request of this turn goes without. */
  without(turn: number): string[] {
    const names = this.#parameters.flatMap((scope) =>
      scope.turn === undefined || scope.turn === turn ? [scope.parameter] : [],
    );
    return [...new Set(names)];
  }

  /** The rule by which an item is left out for good, as far as it depends on that item alone. */
  ruleAgainst(record: ItemRecord): ReplayRule | undefined {
    const { kind, sealed, empty, text } = record.event;
    const { reasoningText, sealed: seals } = this.contract;
    const isHolder = isSealHolder(record.event);
    if ((isHolder ? this.#isHolderSetAside : this.#isSetAside)(record)) return "quarantined";
    if (empty) return "empty";
    if (isHolder) return undefined;
    const isReasoning = kind === "reasoning";
    if (this.isTranscript(record) && (isReasoning || sealed)) return "transcript";
    if (isReasoning && !sealed) {
      if (!text) return "not-sealed";
      if (reasoningText === "drop" || reasoningText === "with-seal") return "reasoning-text";
    }
    if (sealed?.shape === "malformed") return "seal-malformed";
    if (!sealed || acceptsSeal(this.contract, this.#issuer, record)) return undefined;
    return seals === "drop" ? "sealed-dropped" : "sealed-elsewhere";
  }

  /** Whether an item that holds something sealed among other content is sent without its seal. */
  isUnsealed(record: ItemRecord): boolean {
    if (!isSealHolder(record.event)) return false;
    const isWhole =
      record.event.sealed?.shape !== "malformed" && acceptsSeal(this.contract, this.#issuer, record);
    return !isWhole || this.#isUnsealed(record);
  }

  isTranscript({ event }: ItemRecord): boolean {
    return event.seq <= this.#transcriptThrough;
  }

  /** The rule by which an item goes as words; messages are words already, unless they were refused for something else in them. */
  wordsRule(record: ItemRecord): ReplayRule | undefined {
    const { kind, seq } = record.event;
    const isUnknown = this.#acceptedTypes !== undefined && !this.#acceptedTypes.has(kind);
    // A `compaction_trigger` is the request for a compaction: told in words, it would get an answer instead of one.
    if (kind === "compaction_trigger" && !isUnknown) return undefined;
    if (this.#notes.has(seq))
      return kind === "message" || !this.isTranscript(record) ? "item-refused" : "transcript";
    if (kind === "message") return undefined;
    if (this.isTranscript(record)) return "transcript";
    return isUnknown || this.#refusedTypes.has(kind) ? "item-type-unsupported" : undefined;
  }

  /** The rule by which all media of an item go as placeholders, apart from there being too many of them. */
  mediaRule(record: ItemRecord): ReplayRule | undefined {
    const { seq, kind } = record.event;
    const { where } = this.contract.media;
    if (where === "nowhere" || (where === "messages" && kind !== "message")) return "media-unsupported";
    if (this.isTranscript(record)) return "transcript";
    return seq <= this.#mediaThrough || this.#mediaOf.has(seq) ? "media-refused" : undefined;
  }

  /** A tool output that was part of a request that was too long goes with its head and its tail only. */
  lengthFlag({ event, body }: ItemRecord): number {
    const isMeant =
      isOutputKind(event.kind) &&
      event.seq <= this.#outputsThrough &&
      body.length > this.outputLimit + outputMargin;
    return isMeant ? flag.shortened : 0;
  }

  /** Whether sealed reasoning goes without its words. */
  isWordless({ event }: ItemRecord): boolean {
    if (event.kind !== "reasoning") return false;
    if (this.#wordless.has(event.seq)) return true;
    return this.contract.reasoningText === "drop" && event.text === true;
  }
}
