import { type Failure, isFailureOf } from "../failure.ts";
import type { Projection } from "../replay/project.ts";
import type { Action } from "./action.ts";
import { climb, hasLadder } from "./ladder.ts";
import { keptNotice, pairsNotice, repairNotice, rotationNotice, trialNotice } from "./notice.ts";
import type { RetryKind, Situation } from "./situation.ts";
import { isRefusal, mayMeanSeals, nextTrial, wantsBack } from "./trial.ts";

/** What a decision rests on beside the failure and what was done before. */
export interface Circumstances {
  /** Milliseconds since 1970. */
  now: number;
  /** Evenly distributed over [0, 1), for jitter. */
  random: number;
  /** Whether limits are to be waited for (`--wait`). */
  wait: boolean;
  /** The projection that the failed request was made from, without the quarantine of a running trial. */
  projection: Projection;
  /** The last sequence number of the log. */
  upTo: number;
  /** Whether a rotation can be carried out here; the policy answers with one at most once a turn. */
  canRotate?: boolean;
  /** Whether the window can be made smaller here; where it can't, that is the client's to do. */
  canShorten?: boolean;
}

interface Backoff {
  /** How often it is tried again before the turn ends. */
  retries: number;
  firstMs: number;
  factor: number;
  maxMs: number;
}

/**
 * Measured bounds that these keep (jitter of 20 % included): three 500s in a row cost 2.1 s, a connection that stays refused ends the turn
 * after 5.9 s, and a stream that is cut every time after 9.3 s and six attempts.
 */
const backoffs: Readonly<Record<RetryKind, Backoff>> = {
  cut: { retries: 5, firstMs: 250, factor: 2, maxMs: 8_000 },
  idle: { retries: 2, firstMs: 250, factor: 2, maxMs: 8_000 },
  refused: { retries: 3, firstMs: 500, factor: 2.5, maxMs: 8_000 },
  overloaded: { retries: 6, firstMs: 250, factor: 2, maxMs: 8_000 },
  "rate-limit": { retries: 8, firstMs: 1_000, factor: 2, maxMs: 30_000 },
  unknown: { retries: 2, firstMs: 500, factor: 2, maxMs: 8_000 },
};

/** A wait longer than this parks the turn, unless the person asked for waiting. */
const patienceMs = 60_000;
const repairLimit = 6;
const waitLimit = 3;
const overflowLimit = 3;

/**
 * What to do about a failure (R29): each repair changes the next request, everything is bounded, and what can't be helped ends the turn
 * with its class. The answer is noted in the situation.
 */
export function decide(failure: Failure, situation: Situation, circumstances: Circumstances): Action {
  if (isFailureOf(failure, "cancelled")) return { do: "interrupt" };
  if (isFailureOf(failure, "transport-interrupted")) {
    return retry(transportKind(failure.data.reason), undefined, failure, situation, circumstances);
  }
  if (isFailureOf(failure, "overloaded", "rate-limit")) {
    return retry(failure.class, failure.data.retryAfterMs, failure, situation, circumstances);
  }
  if (isFailureOf(failure, "usage-limit")) return limited(failure.data.resetsAt, situation, circumstances);
  const isUnknown = isFailureOf(failure, "unknown-provider-failure");
  const isTrying = situation.tried.length > 0;
  if ((isUnknown && isRefusal(failure)) || (isTrying ? wantsBack(failure) : mayMeanSeals(failure)))
    return tryWithout(failure, situation, circumstances);
  if (isFailureOf(failure, "call-without-output", "output-without-call")) {
    return repairPairs(failure, failure.data.call, situation, circumstances);
  }
  if (isFailureOf(failure, "context-overflow")) return makeRoom(failure, situation, circumstances);
  if (hasLadder(failure.class)) return repair(failure, situation, circumstances);
  if (isUnknown && !isPoison(failure.signal?.status)) {
    return retry("unknown", undefined, failure, situation, circumstances);
  }
  return { do: "stop", class: failure.class };
}

function transportKind(reason: Failure<"transport-interrupted">["data"]["reason"]): RetryKind {
  if (reason === "idle") return "idle";
  return reason === "refused" || reason === "unresolved" ? "refused" : "cut";
}

/** A request that was refused for itself is never sent again unchanged. */
function isPoison(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500;
}

function retry(
  kind: RetryKind,
  retryAfterMs: number | undefined,
  failure: Failure,
  situation: Situation,
  circumstances: Circumstances,
): Action {
  const { now, random } = circumstances;
  if (retryAfterMs !== undefined && retryAfterMs > patienceMs)
    return limited(now + retryAfterMs, situation, circumstances);
  const { retries, firstMs, factor, maxMs } = backoffs[kind];
  const before = situation.retries(kind);
  if (before >= retries) return { do: "stop", class: failure.class };
  situation.noteRetry(kind);
  const backoff = Math.min(maxMs, firstMs * factor ** before) * (0.8 + 0.4 * random);
  const asked = retryAfterMs === undefined ? 0 : retryAfterMs + waitJitter(retryAfterMs, random);
  // The time that a rate limit names is exact. Without one, and for an outage even with one, the backoff is the least that is waited.
  const delay = kind === "rate-limit" && retryAfterMs !== undefined ? asked : Math.max(asked, backoff);
  return { do: "retry", delayMs: Math.round(delay) };
}

/** When to ask again after a limit that ends at a time, in milliseconds since 1970. */
export function wakeUp(resetsAt: number, now: number, random: number): number {
  return Math.ceil(resetsAt + waitJitter(resetsAt - now, random));
}

/** Added to a wait, so that sessions waiting for the same reset don't all come at once; never negative, so that none asks before it. */
function waitJitter(waitMs: number, random: number): number {
  return random * Math.min(2_000, 250 + 0.02 * waitMs);
}

/**
 * Waits for the reset, and asks once when it comes. A limit that is met again is waited for again, at most three times in all, and each
 * time for a moment at least, because the two clocks may differ. A turn goes on after a wait once.
 */
function limited(
  resetsAt: number | undefined,
  situation: Situation,
  { now, random, wait }: Circumstances,
): Action {
  if (!wait || resetsAt === undefined || situation.continued || situation.waits >= waitLimit) {
    return { do: "park", ...(resetsAt !== undefined && { until: resetsAt }) };
  }
  const moment = 250 * 4 ** situation.waits;
  situation.noteWait();
  return { do: "wait", until: wakeUp(Math.max(resetsAt, now + moment), now, random) };
}

function repair(failure: Failure, situation: Situation, circumstances: Circumstances): Action {
  const { projection, upTo, now, canRotate } = circumstances;
  if (situation.repairs >= repairLimit) return { do: "stop", class: "unrecoverable" };
  const quarantine = climb(failure, projection, { upTo, climbed: situation.climbed });
  if (quarantine) {
    situation.noteRepair(quarantine);
    return { do: "repair", quarantine, notice: repairNotice(failure, quarantine, now) };
  }
  // Another session would be refused the same setting, and has no earlier response either.
  if (failure.class === "parameter-unsupported" || failure.class === "chain-missing")
    return { do: "stop", class: failure.class };
  if (canRotate !== true || situation.isRotated || !isChangedByRotation(projection))
    return { do: "stop", class: "unrecoverable" };
  situation.noteRotation();
  return { do: "rotate", notice: rotationNotice(failure) };
}

/**
 * A successor is sent neither seals, signatures, plain reasoning, item ids nor media, and items with their needed members only. A backend
 * that takes none of them, and whose wire makes its messages anew, was asked for just that already, at the foot of the ladder.
 */
function isChangedByRotation(projection: Projection): boolean {
  const { sealed, reasoningText, itemIds, openLoop, itemTypes } = projection.contract;
  const isPlain =
    sealed === "drop" &&
    reasoningText === "drop" &&
    itemIds === "detach" &&
    openLoop === "nothing" &&
    itemTypes !== "any";
  return !isPlain || [...projection.elements()].some(({ record }) => record.event.media !== undefined);
}

/**
 * For a refusal in unknown words: tries one change after another. What the provider accepts is logged; what doesn't help leaves no trace.
 */
function tryWithout(failure: Failure, situation: Situation, circumstances: Circumstances): Action {
  const { projection, upTo, now, canShorten = false } = circumstances;
  const { tried } = situation;
  const quarantine =
    situation.repairs < repairLimit ? nextTrial(failure, projection, { upTo, tried, canShorten }) : undefined;
  if (!quarantine) return { do: "stop", class: failure.class };
  const notice = trialNotice(failure, quarantine, tried.length);
  situation.noteTrial(quarantine);
  return { do: "try", quarantine, notice, kept: keptNotice(failure, quarantine, now) };
}

/**
 * Between two successful steps the window is summarised once. If the request is still too long, outputs are the cause: they are
 * shortened, at most twice.
 */
function makeRoom(failure: Failure, situation: Situation, circumstances: Circumstances): Action {
  const before = situation.overflows;
  if (before >= overflowLimit) return outOfRoom(failure, situation, circumstances);
  situation.noteOverflow();
  return { do: "compact", how: before === 0 ? "summarise" : "trim" };
}

/**
 * Nothing can be summarised or shortened any more. A successor is smaller by every sealed item, and keeps outputs as short as they are; it
 * is no help where nothing sealed is sent.
 */
export function outOfRoom(
  failure: Failure,
  situation: Situation,
  { projection, canRotate }: Circumstances,
): Action {
  const isSmaller = projection.sealedSent().size > 0;
  if (!isSmaller || canRotate !== true || situation.isRotated) return { do: "stop", class: failure.class };
  situation.noteRotation();
  return { do: "rotate", notice: rotationNotice(failure) };
}

/** First tries what the log itself can mend; a call that was mended already, or that can't be found, goes to the ladder. */
function repairPairs(
  failure: Failure,
  sent: string | undefined,
  situation: Situation,
  circumstances: Circumstances,
): Action {
  const { projection } = circumstances;
  const call = sent === undefined ? undefined : projection.callNamed(sent);
  const isThere =
    call !== undefined && [...projection.elements()].some(({ record }) => record.event.call === call);
  if (!isThere || situation.hasPaired(call)) return repair(failure, situation, circumstances);
  if (situation.repairs >= repairLimit) return { do: "stop", class: "unrecoverable" };
  situation.notePairs(call);
  return { do: "repair-pairs", call, notice: pairsNotice(failure, call) };
}
