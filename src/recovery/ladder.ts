import type { Failure } from "../failure.ts";
import type { FailureClass } from "../failure/catalogue.ts";
import type { Quarantine, QuarantineScope } from "../session/event.ts";
import type { ProjectedElement, Projection } from "../replay/project.ts";
import { endsAlike, issuerOf } from "../replay/seal.ts";

export interface LadderOptions {
  /** The last sequence number of the log: what is logged later is not covered. */
  readonly upTo: number;
  /** The quarantines that were made since a step last succeeded. */
  readonly climbed: readonly Quarantine[];
}

interface Refused {
  readonly elements: readonly ProjectedElement[];
  readonly sealed: readonly ProjectedElement[];
  /** The sealed items that the error can mean, when it names any. */
  readonly named: readonly ProjectedElement[];
  readonly projection: Projection;
  readonly options: LadderOptions;
}

interface Rung {
  readonly rung: number;
  /** What it sets aside; `undefined` when the rung doesn't apply or wouldn't change the request. */
  setAside(refused: Refused): { scope: QuarantineScope; items: readonly ProjectedElement[] } | undefined;
}

/**
 * The rungs, each losing more than the one before it. Rung 0 is climbed once between two steps that succeed: a provider that checks from
 * the end, or names whichever blob it likes, would otherwise be asked once for every blob after a key was rotated.
 */
const named: Rung = {
  rung: 0,
  setAside({ named: [only, another], sealed, options }) {
    if (!only || another || options.climbed.some(({ rung }) => rung === 0)) return undefined;
    const first = sealed.find(({ record }) => issuerOf(record) === issuerOf(only.record));
    if (first === only) return undefined;
    return { scope: { kind: "items", seqs: [only.record.event.seq] }, items: [only] };
  },
};

/** Several issuers, none named: a foreign one is the likelier cause. */
const ofIssuer: Rung = {
  rung: 1,
  setAside({ named: [meant], sealed, projection, options: { upTo } }) {
    const foreign = sealed.find(({ record }) => issuerOf(record) !== projection.issuer);
    const culprit = meant ?? foreign ?? sealed[0];
    if (!culprit) return undefined;
    const issuer = issuerOf(culprit.record) ?? "";
    const items = sealed.filter(({ record }) => (issuerOf(record) ?? "") === issuer);
    return { scope: { kind: "issuer", issuer, through: upTo }, items };
  },
};

const allSealed: Rung = {
  rung: 2,
  setAside({ sealed, projection, options: { upTo } }) {
    if (sealed.length === 0 && !projection.sealed) return undefined;
    return { scope: { kind: "sealed", through: upTo }, items: sealed };
  },
};

const itemIds: Rung = {
  rung: 3,
  setAside({ elements, options: { upTo } }) {
    const items = elements.filter(({ withId }) => withId);
    return items.length === 0 ? undefined : { scope: { kind: "item-ids", through: upTo }, items };
  },
};

const ofSealed = [named, ofIssuer, allSealed, itemIds];
const ofIds = [itemIds, ofIssuer, allSealed];

/** Which rungs are tried for which failure, in order. A class that isn't listed is not one that the ladder can do anything about. */
const ladders: Readonly<Partial<Record<FailureClass, readonly Rung[]>>> = {
  "sealed-reasoning-rejected": ofSealed,
  "sealed-compaction-rejected": ofSealed,
  "reasoning-content-too-long": ofSealed,
  "thinking-signature-rejected": ofSealed,
  "thinking-missing": ofSealed,
  "thought-signature-missing": ofSealed,
  "reasoning-required": ofSealed,
  "reasoning-unpaired": ofIds,
  "duplicate-item": ofIds,
  "item-not-persisted": ofIds,
  "item-id-invalid": ofIds,
};

/** Whether the ladder has rungs for a class of failure. */
export function hasLadder(failureClass: FailureClass): boolean {
  return ladders[failureClass] !== undefined;
}

/**
 * The lowest rung that changes a request which was refused for what it replays; `undefined` when none is left. `projection` is the one
 * that the refused request was made from.
 */
export function climb(
  failure: Failure,
  projection: Projection,
  options: LadderOptions,
): Quarantine | undefined {
  const elements = [...projection.elements()].filter(({ kind }) => kind === "item");
  const sealed = elements.filter(({ record }) => record.event.sealed !== undefined);
  const refused: Refused = { elements, sealed, named: meantBy(failure, sealed), projection, options };
  for (const { rung, setAside } of ladders[failure.class] ?? []) {
    const found = setAside(refused);
    if (!found) continue;
    const times = found.items.flatMap(({ record }) => record.event.sealed?.at ?? []);
    const oldest = rung === itemIds.rung ? undefined : times.reduce<number | undefined>(lesser, undefined);
    return {
      rung,
      why: failure.class,
      refusedBy: projection.issuer,
      scope: found.scope,
      count: found.items.length,
      ...(oldest !== undefined && { oldestSealedAt: oldest }),
    };
  }
  return undefined;
}

const lesser = (left: number | undefined, right: number): number =>
  left === undefined ? right : Math.min(left, right);

/** What the error names: an item id, an index into `input`, or the end of a blob, whichever it has, the surest first. */
function meantBy(failure: Failure, sealed: readonly ProjectedElement[]): readonly ProjectedElement[] {
  const { item, index, tail } = failure.data as { item?: string; index?: number; tail?: string };
  const candidates = [
    item === undefined ? [] : sealed.filter(({ record }) => record.event.id === item),
    index === undefined ? [] : sealed.filter((element) => element.index === index),
    tail === undefined ? [] : sealed.filter(({ record }) => endsAlike(record.event.sealed?.tail ?? "", tail)),
  ];
  return candidates.find((found) => found.length > 0) ?? [];
}
