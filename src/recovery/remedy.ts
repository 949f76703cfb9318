import type { Failure } from "../failure.ts";
import { type Named, namedBy } from "../failure/named.ts";
import { flag } from "../replay/flag.ts";
import type { ProjectedElement, Projection } from "../replay/project.ts";
import { endsAlike } from "../replay/seal.ts";
import type { Quarantine } from "../session/event.ts";
import type { QuarantineScope } from "../session/quarantine-scope.ts";

/** What a repair may cover, and which repairs were made before it. */
export interface LadderOptions {
  /** The last sequence number of the log: what is logged later is not covered. */
  readonly upTo: number;
  /** The quarantines that were made since a step last succeeded. */
  readonly climbed: readonly Quarantine[];
}

/** A refused request, as the remedies see it. */
export interface Refused {
  readonly failure: Failure;
  readonly projection: Projection;
  readonly options: LadderOptions;
  /** The items that it held. */
  readonly elements: readonly ProjectedElement[];
  readonly sealed: readonly ProjectedElement[];
  /** The items that the error can mean, when it names any, and the sealed ones among them. */
  readonly named: readonly ProjectedElement[];
  readonly namedSealed: readonly ProjectedElement[];
}

/** What a remedy changes, and the items that it changes. */
export interface Proposal {
  readonly scope: QuarantineScope;
  readonly items: readonly ProjectedElement[];
  /** How many items it is about, where some of them weren't sent. */
  readonly count?: number;
}

/** One way to change a refused request. `rung` says how much it loses (replay.md); first remedies of a class have rung 0. */
export interface Remedy {
  readonly rung: number;
  /** `undefined` when it doesn't apply. One that wouldn't change the request is found out later. */
  propose(refused: Refused): Proposal | undefined;
}

/** The items of a refused request, with those that the error can mean. */
export function refusedRequest(failure: Failure, projection: Projection, options: LadderOptions): Refused {
  const elements = [...projection.elements()].filter(({ kind }) => kind === "item");
  const sealed = elements.filter(isSealSent);
  const facts = namedBy(failure);
  return {
    failure,
    projection,
    options,
    elements,
    sealed,
    named: meantBy(facts, elements),
    namedSealed: meantBy(facts, sealed),
  };
}

/** Whether the element is sent with something sealed in it. */
export const isSealSent = ({ record, flags }: ProjectedElement): boolean =>
  record.event.sealed !== undefined && (flags & flag.unsealed) === 0;

/** An item id, an index, or the end of a blob, whichever names anything, the surest first. */
function meantBy(
  { item, index, tail }: Named,
  among: readonly ProjectedElement[],
): readonly ProjectedElement[] {
  const candidates = [
    item === undefined ? [] : among.filter(({ record }) => record.event.id === item),
    index === undefined ? [] : among.filter((element) => element.index === index),
    tail === undefined ? [] : among.filter(({ record }) => endsAlike(record.event.sealed?.tail ?? "", tail)),
  ];
  return candidates.find((found) => found.length > 0) ?? [];
}

/** Sequence numbers of the elements' items. */
export const seqsOf = (elements: readonly ProjectedElement[]): number[] =>
  elements.map(({ record }) => record.event.seq);

/** Whether a scope does nothing but leave items out of requests. */
export const isLeavingOut = (
  scope: QuarantineScope,
): scope is Extract<QuarantineScope, { kind: "items" | "issuer" | "sealed" }> =>
  scope.kind === "items" || scope.kind === "issuer" || scope.kind === "sealed";

/** Sends a request without these items. */
export const leaveOut = (items: readonly ProjectedElement[]): Proposal => ({
  scope: { kind: "items", seqs: seqsOf(items) },
  items,
});
