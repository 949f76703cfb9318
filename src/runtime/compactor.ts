import type { Failure } from "../failure.ts";
import type { Settings } from "../session/event.ts";
import type { Projection } from "../replay/project.ts";
import type { Provider } from "../provider.ts";
import type { SessionStore } from "../store.ts";
import type { Journal } from "../turn/journal.ts";
import type { Observe } from "../turn/update.ts";

/** What a compactor works on: the session as it is now. Every event that it makes is appended to the journal. */
export interface Compacting {
  readonly journal: Journal;
  readonly provider: Provider;
  readonly settings: Settings;
  /** What would be sent now. */
  project(): Projection;
  readonly store: SessionStore;
  readonly observe: Observe;
  readonly signal: AbortSignal;
}

/** What became of an attempt to make a window smaller. `failure`: of the request for the summary; the session is as it was. */
export type Compacted =
  | { kind: "compacted"; notice: string }
  /** Nothing is left that could be summarised or shortened. */
  | { kind: "nothing" }
  | { kind: "failed"; failure: Failure };

/**
 * Makes a window smaller, without rewriting anything of the log. `runtime.ts` gets one as an argument; the coding agent's own is
 * `agent/compaction.ts`. Methods throw only what the log throws.
 */
export interface Compactor {
  /**
   * Asked before every attempt: summarises when the window is about to be full. A failure of the request is told and changes nothing.
   */
  prepare(session: Compacting): Promise<void>;
  /** Summarises everything but the window's end, because a person asks. */
  summarise(session: Compacting): Promise<Compacted>;
  /**
   * After a request was refused as too long: summarises, or, where that is asked for or can't be done, shortens tool outputs in requests
   * from now on, each time to a quarter of before. "failed" only when the request for the summary met what time or money helps against.
   */
  makeRoom(session: Compacting, how: "summarise" | "trim"): Promise<Compacted>;
}
