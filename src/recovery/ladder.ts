import { type Failure, isFailureOf } from "../failure.ts";
import type { FailureClass } from "../failure/catalogue.ts";
import type { Projection } from "../replay/project.ts";
import type { Quarantine } from "../session/event.ts";
import {
  closedThinking,
  duplicates,
  emptyContent,
  include,
  namedAsNote,
  namedMedia,
  namedReasoning,
  namedThinking,
  openThinking,
  parameter,
  plainReasoning,
  sealedCompaction,
  thinkingOff,
  thinkingRestored,
  thoughtSignatures,
  typeAsNotes,
  wholeInput,
} from "./first-remedies.ts";
import { isLeavingOut, type LadderOptions, refusedRequest, type Remedy } from "./remedy.ts";
import {
  allMedia,
  allSealed,
  callIds,
  itemIds,
  namedSeal,
  ofIssuer,
  shortestCallIds,
  transcript,
} from "./rungs.ts";

/**
 * The general rungs, least loss first: sealed reasoning, ids, media, and at last everything but words. Rotation comes after them
 * (`policy.ts`).
 */
export const general: readonly Remedy[] = [ofIssuer, allSealed, itemIds, callIds, allMedia, transcript];
/** For a refusal that names no type: where it isn't an unusual one, it can be anything of the history. */
const untyped = general.map(({ rung, propose }): Remedy => ({
  rung,
  propose: (refused) =>
    isFailureOf(refused.failure, "item-type-unsupported") && refused.failure.data.kind === undefined
      ? propose(refused)
      : undefined,
}));
const ids: readonly Remedy[] = [itemIds, callIds, ofIssuer, allSealed, transcript];

/**
 * Which remedies are tried for which failure, in order: those of its own first, then the rungs that every refused request has. A class that
 * isn't listed is not one that the ladder can do anything about.
 */
const ladders: Readonly<Partial<Record<FailureClass, readonly Remedy[]>>> = {
  "sealed-reasoning-rejected": [namedSeal, ...general],
  "sealed-compaction-rejected": [sealedCompaction, namedSeal, ...general],
  "reasoning-content-too-long": [emptyContent, ...general],
  "thinking-signature-rejected": [namedThinking, closedThinking, thinkingRestored, openThinking, ...general],
  "thinking-missing": [thinkingRestored, thinkingOff, ...general],
  "thought-signature-missing": [thoughtSignatures, transcript],
  "reasoning-required": [plainReasoning, transcript],
  "reasoning-unpaired": [namedReasoning, ...ids],
  "duplicate-item": [duplicates, ...ids],
  "chain-missing": [wholeInput],
  "item-not-persisted": [itemIds, namedReasoning, ...ids],
  "item-id-invalid": [itemIds, callIds, shortestCallIds, ofIssuer, allSealed, transcript],
  "item-type-unsupported": [typeAsNotes, ...untyped, transcript],
  "call-without-output": [transcript],
  "output-without-call": [transcript],
  "tool-arguments-invalid": [namedAsNote, transcript],
  "media-invalid": [namedMedia, allMedia, transcript],
  "request-malformed": [namedAsNote, allMedia, ...ids],
  "parameter-unsupported": [parameter, include],
};

/** Whether the ladder has remedies for a class of failure. */
export function hasLadder(failureClass: FailureClass): boolean {
  return ladders[failureClass] !== undefined;
}

/**
 * The first remedy, in the order of the class's ladder, that changes the refused request; `undefined` when none is left. `projection` is
 * the one that the refused request was made from.
 */
export function climb(
  failure: Failure,
  projection: Projection,
  options: LadderOptions,
): Quarantine | undefined {
  return proposed(ladders[failure.class] ?? [], failure, projection, options).next().value;
}

/** What these remedies would set aside, in their order, each by itself; one that wouldn't change the request is passed over. */
export function* proposed(
  remedies: readonly Remedy[],
  failure: Failure,
  projection: Projection,
  options: LadderOptions,
): Generator<Quarantine, undefined> {
  const refused = refusedRequest(failure, projection, options);
  for (const { rung, propose } of remedies) {
    const proposal = propose(refused);
    if (!proposal) continue;
    const { scope, items, count = items.length } = proposal;
    const times = isLeavingOut(scope) ? items.flatMap(({ record }) => record.event.sealed?.at ?? []) : [];
    const quarantine: Quarantine = {
      rung,
      why: failure.class,
      refusedBy: projection.issuer,
      scope,
      count,
      ...(times.length > 0 && { oldestSealedAt: times.reduce((left, right) => Math.min(left, right)) }),
    };
    if (!projection.with(quarantine).isSameRequest(projection)) yield quarantine;
  }
  return undefined;
}
