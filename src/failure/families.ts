import type { FailureSignal } from "../failure.ts";
import { account } from "./families/account.ts";
import { replay } from "./families/replay.ts";
import { request } from "./families/request.ts";
import { type Classified, type Family, saidBy } from "./said.ts";

/**
 * Refusals in words that nobody has recorded yet: what such a refusal has to speak of, whatever its sentence is. They are asked when no
 * recorded pattern fits but general ones, and never of what a message quotes. A wrong answer about what a request replays costs one repair
 * that does not help; no answer would end the session.
 */
const families: readonly Family[] = [...replay, ...account, ...request];

const refusing = [400, 404, 409, 422];

/** The class of a refusal in words of its own; `undefined` where no family knows it, and for every 5xx. */
export function fromFamilies(signal: FailureSignal, now: number): Classified | undefined {
  const { status, source } = signal;
  if (source === "transport" || source === "local") return undefined;
  const said = saidBy(signal);
  return families
    .find(
      ({ statuses = refusing, holds }) => (status === undefined || statuses.includes(status)) && holds(said),
    )
    ?.classify(said, now);
}
