import { isSealSent } from "../../recovery/remedy.ts";
import type { TakenRequest } from "../request/taken-request.ts";
import type { HealFacts } from "./heal-facts.ts";

/** The items of a request, by their numbers, that its issuer has refused before. */
export interface RefusedBefore {
  /** Left out: those that the issuer won't take, and those of the due ones that aren't tried yet. */
  readonly dead: readonly number[];
  /** Those that were refused so long ago that the issuer may take them again. */
  readonly due: readonly number[];
  /** Those of the due ones that are sent for a try. */
  readonly retried: readonly number[];
}

export const nothingRefused: RefusedBefore = { dead: [], due: [], retried: [] };

/**
 * What of the request is left out, and what is tried again. Keys change with time: how the newest of the due items fares tells how those
 * before it would. So the newest is tried first, and with each request that is accepted twice as many; a refusal costs one request,
 * however many keys the items were sealed with.
 */
export function refusedBefore(
  taken: TakenRequest,
  { issuer, memory }: Pick<HealFacts, "issuer" | "memory">,
): RefusedBefore {
  const refused: number[] = [];
  const due: number[] = [];
  const sent = new Set(sealsSent(taken));
  for (const [seq, blobs] of taken.seals) {
    const states = new Set(blobs.map((blob) => memory.seal(issuer, blob)));
    if (states.has("refused")) refused.push(seq);
    else if (states.has("due") && sent.has(seq)) due.push(seq);
  }
  const first = Math.max(0, due.length - 1 - memory.lifted(issuer));
  return { dead: [...refused, ...due.slice(0, first)], due, retried: due.slice(first) };
}

/** The items that go with something sealed. */
export const sealsSent = ({ projection }: TakenRequest): number[] =>
  [...projection.elements()].flatMap((element) =>
    element.kind === "item" && isSealSent(element) ? [element.record.event.seq] : [],
  );
