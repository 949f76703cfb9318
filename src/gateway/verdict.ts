import type { Action } from "../recovery/action.ts";

/** What is done about a failure of one request, while nothing of its answer has gone out. */
export type Verdict =
  /** The same request again. */
  | { do: "retry"; delayMs: number }
  /** The request as `body` is now, at once. `notice` says what was left out and why, in one line. */
  | { do: "heal"; notice: string }
  /** A limit is waited for: asked about again after `delayMs`, said to end at `until`. */
  | { do: "hold"; delayMs: number; until?: number }
  /** It is the client's to know. */
  | { do: "pass" };

/** What the policy says, as far as it isn't about items. */
export function verdictOf(action: Action, now = 0): Verdict {
  if (action.do === "retry") return action;
  if (action.do === "wait")
    return { do: "hold", delayMs: Math.max(0, action.until - now), until: action.until };
  return { do: "pass" };
}
