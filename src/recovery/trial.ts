import { type Failure, isFailureOf } from "../failure.ts";
import type { FailureClass } from "../failure/catalogue.ts";
import type { Projection } from "../replay/project.ts";
import type { Quarantine } from "../session/event.ts";
import { general, hasLadder, proposed } from "./ladder.ts";
import type { Remedy } from "./remedy.ts";
import { allSealed, namedSeal, ofIssuer, shortOutputs } from "./rungs.ts";

/** Likely causes first, and of those what loses least of what can be seen. */
const remedies: readonly Remedy[] = [namedSeal, ...general];

/**
 * Whether a refusal of the token may mean seals that can't be opened: the ChatGPT backend says so of those of another backend (failures.md
 * row 12). A token that has really expired is refused without them, too.
 */
export const mayMeanSeals = (failure: Failure): boolean =>
  isFailureOf(failure, "auth-expired") && failure.signal?.code === "token_expired";

/**
 * The next change to try on a request that was refused in unknown words. Each remedy is tried alone, as none is known to be about the
 * cause. `projection` is the log's, without earlier trials (`tried`); `canShorten`: whether it may be tried with shorter outputs. `undefined`
 * when nothing is left that makes another request.
 */
export function nextTrial(
  failure: Failure,
  projection: Projection,
  { upTo, tried, canShorten }: { upTo: number; tried: readonly Quarantine[]; canShorten: boolean },
): Quarantine | undefined {
  const before = tried.map((quarantine) => projection.with(quarantine));
  const ofAll = canShorten ? [...remedies, shortOutputs] : remedies;
  const likely = mayMeanSeals(failure) ? [ofIssuer, allSealed] : ofAll;
  for (const quarantine of proposed(likely, failure, projection, { upTo, climbed: [] })) {
    const request = projection.with(quarantine);
    if (!before.some((other) => other.isSameRequest(request))) return quarantine;
  }
  return undefined;
}

const invalid: ReadonlySet<string> = new Set([
  "invalid_request_error",
  "invalid_request",
  "invalid_argument",
  "invalid_prompt",
  "bad_request",
  "bad_request_error",
]);

/** Whether an unknown failure refuses the request for what it holds: a bad request by its status, or by its code or type in a stream. */
export function isRefusal({ signal }: Failure): boolean {
  if (!signal) return false;
  const { status, code = "", type = "" } = signal;
  if (status !== undefined) return status === 400 || status === 409 || status === 422;
  return invalid.has(code.toLowerCase()) || invalid.has(type.toLowerCase());
}

/** Refusals that can only be due to what a trial left out. */
const wantingBack: ReadonlySet<FailureClass> = new Set([
  "reasoning-required",
  "reasoning-unpaired",
  "thinking-missing",
  "thought-signature-missing",
]);

/** Whether the refusal asks for what a trial left out. */
export const wantsBack = (failure: Failure): boolean => wantingBack.has(failure.class);

/** Whether a refusal in known words, of a request that was tried without something, is about something else: then what was tried helped. */
export const isPast = (failure: Failure): boolean =>
  !wantsBack(failure) && (hasLadder(failure.class) || failure.class === "context-overflow");
