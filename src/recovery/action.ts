import type { FailureClass } from "../failure/catalogue.ts";
import type { Quarantine } from "../session/event.ts";

/** What is to be done about a failure; `runtime.ts` carries it out. Times are milliseconds since 1970, delays milliseconds. */
export type Action =
  | { do: "retry"; delayMs: number }
  /** A repair that changes the next request: appended to the log, then tried at once. `notice` is the one line for the person. */
  | { do: "repair"; quarantine: Quarantine; notice: string }
  /**
   * A trial, for a request that was refused in unknown words: the next request goes with this quarantine, which is logged only if the
   * provider accepts it. `notice` is the line for the person now, `kept` the one for when it is logged.
   */
  | { do: "try"; quarantine: Quarantine; notice: string; kept: string }
  /** Calls without output or outputs without call that the projection did not see: append what is missing. */
  | { do: "repair-pairs"; call: string; notice: string }
  /**
   * No repair is left that would change the request: the session goes on in a successor with the visible history (R30), where the turn is
   * tried once more. Only ever answered when the circumstances say that it can be done.
   */
  | { do: "rotate"; notice: string }
  /** The request is too long: makes the window smaller and tries again at once. */
  | { do: "compact"; how: "summarise" | "trim" }
  /** Waits for the limit to end (asked for with `--wait`), probing once at that time. */
  | { do: "wait"; until: number }
  /** The turn ends as limited; the session is whole and can go on later. */
  | { do: "park"; until?: number }
  /** The turn ends as interrupted: it was cancelled. */
  | { do: "interrupt" }
  /** The turn ends as failed. */
  | { do: "stop"; class: FailureClass };
