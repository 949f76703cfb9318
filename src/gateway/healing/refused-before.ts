import { isSealSent } from "../../recovery/remedy.ts";
import type { TakenRequest } from "../request/taken-request.ts";
import type { HealFacts } from "./heal-facts.ts";

/** The items of a request, by their numbers, that its issuer has refused before. */
export interface RefusedBefore {
  /** Those that are left out. */
  readonly dead: readonly number[];
  /** Those that were refused so long ago that the issuer may be back; some of them are sent for a try, the others left out. */
  readonly due: readonly number[];
  readonly retried: readonly number[];
}

export const nothingRefused: RefusedBefore = { dead: [], due: [], retried: [] };

/**
 * Keys change with time: what the newest of the due blobs is told holds for those before it. So it is tried first, and of the others twice as
 * many with each request as have been taken again; one that is refused costs one request, however many keys they are of.
 */
export function refusedBefore(
  taken: TakenRequest,
  { issuer, memory, now }: Pick<HealFacts, "issuer" | "memory" | "now">,
): RefusedBefore {
  const refused: number[] = [];
  const due: number[] = [];
  const sent = new Set(sealsSent(taken));
  for (const [seq, blobs] of taken.seals) {
    const states = new Set(blobs.map((blob) => memory.seal(issuer, blob, now())));
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
