import { type Failure, isFailureOf } from "../../failure.ts";
import type { Action } from "../../recovery/action.ts";
import type { HealFacts } from "./heal-facts.ts";

/** What is done about a failure of one request, while nothing of its answer has gone out. */
export type Verdict =
  /** The same request again. */
  | { do: "retry"; delayMs: number }
  /** `Healing.body`, at once. `notice` says what was left out and why, in one line. */
  | { do: "heal"; notice: string }
  /** A limit is waited for: asked about again after `delayMs`, said to end at `until`. */
  | { do: "hold"; delayMs: number; until?: number }
  /** The client is told. */
  | { do: "pass" };

/**
 * The verdict for an action of the policy that changes no items; for any other, the client is told. A provider that doesn't want the same
 * request again says so in `x-should-retry`, which OpenAI's SDKs obey (openai-node 7, `shouldRetry`; 2026-11).
 */
export function verdictOf(action: Action, failure: Failure, now: number): Verdict {
  if (action.do === "retry" && failure.signal?.headers?.["x-should-retry"] === "false") return { do: "pass" };
  if (action.do === "retry") return action;
  if (action.do === "wait")
    return { do: "hold", delayMs: Math.max(0, action.until - now), until: action.until };
  return { do: "pass" };
}

const firstProbeMs = 60_000;
const lastProbeMs = 15 * 60_000;

/** A usage limit, or a rate limit that is as long as one; `resetsAt` where it says until when. */
export function limitOf(failure: Failure, now: number): { resetsAt?: number } | undefined {
  if (isFailureOf(failure, "usage-limit")) return failure.data;
  if (!isFailureOf(failure, "rate-limit")) return undefined;
  const { retryAfterMs = 0 } = failure.data;
  return retryAfterMs > firstProbeMs ? { resetsAt: now + retryAfterMs } : undefined;
}

/**
 * The next wait while a limit lasts. Quota can come back before the time that was named: the provider is asked again after a minute, then
 * after twice as long each time, a quarter of an hour at most, and at that time. `probes`: how often it was.
 */
export function held(
  { resetsAt }: { resetsAt?: number },
  probes: number,
  { now, random }: HealFacts,
): Verdict {
  const probe = Math.min(lastProbeMs, firstProbeMs * 2 ** probes);
  if (resetsAt === undefined) return { do: "hold", delayMs: probe };
  const left = Math.max(1_000, resetsAt - now()) + 1_000 * random();
  return { do: "hold", delayMs: Math.round(Math.min(probe, left)), until: resetsAt };
}
