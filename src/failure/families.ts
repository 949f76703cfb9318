import type { FailureSignal } from "../failure.ts";
import { account } from "./families/account.ts";
import { replay } from "./families/replay.ts";
import { request } from "./families/request.ts";
import { type Classified, type Family, saidBy } from "./said.ts";

/**
 * Recognise refusals in words that nobody has recorded yet by what they speak of. They are asked when no recorded pattern fits, or only a
 * general one, and see a message without what it quotes. A wrong guess about what a request replays costs one repair that doesn't help,
 * where no guess would end the session.
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
