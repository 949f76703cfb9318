import { type Failure, isFailureOf } from "../failure.ts";

/**
 * For what one of several upstreams is passed over: `away` can't be reached; `spent`: its own account is refused or at a limit; `busy`:
 * it can't answer this request just now, or not at all, where another might.
 */
export type Lack = "away" | "spent" | "busy";

/** Reasons for which no connection came about. */
const awayReasons: ReadonlySet<string> = new Set(["refused", "unresolved"]);

/**
 * What a failure says that the upstream lacks; `undefined` when another would fail alike. `hasKey`: whether it is asked with the gateway's
 * own key. `holdsSeals`: whether anything sealed was sent.
 */
export function lackOf(
  failure: Failure,
  { hasKey, holdsSeals }: { hasKey: boolean; holdsSeals: () => boolean },
): Lack | undefined {
  if (isFailureOf(failure, "transport-interrupted"))
    return awayReasons.has(failure.data.reason) ? "away" : undefined;
  if (hasKey && (isOfAccount(failure) || (isFailureOf(failure, "auth-expired") && !holdsSeals())))
    return "spent";
  const isBusy =
    isFailureOf(failure, "overloaded", "rate-limit", "chain-missing") ||
    isOverMinute(failure) ||
    isKeptElsewhere(failure);
  return isBusy ? "busy" : undefined;
}

/** An expired token is left out: it may be how a backend refuses what is sealed (failures.md row 12). */
const isOfAccount = (failure: Failure): boolean =>
  isFailureOf(failure, "usage-limit", "billing", "auth-denied");

/** Whether the request alone is more than the account may send in a minute: another account may send it. */
const isOverMinute = (failure: Failure): boolean =>
  isFailureOf(failure, "context-overflow") && failure.signal?.status === 429;

/** What an account keeps under an id: files, conversations, stores of vectors, containers, prompts. */
const keptId = /\b(?:file-|(?:conv|vs|cntr|pmpt)_)\w+/u;
const isMissing = /\bno such\b|\bnot (?:be )?found\b|\b(?:does not|doesn't) exist\b/iu;

/**
 * Whether a refusal is of something that the client has made at one upstream and names to another. (Only one that nobody has is tried
 * without: the model would answer without the file.)
 */
function isKeptElsewhere({ signal }: Failure): boolean {
  if (signal?.status !== 400 && signal?.status !== 404) return false;
  return keptId.test(signal.message) && isMissing.test(signal.message);
}
