import type { Clock } from "../lib/clock.ts";
import type { Provider } from "../provider.ts";
import type { ReplayContract } from "../replay/contract.ts";
import type { NewEvent, Settings, Workspace } from "../session/event.ts";
import type { SessionStore } from "../store.ts";
import type { CallEnvironment } from "../turn/calls.ts";
import type { Compactor } from "./compactor.ts";
import type { Observe } from "../turn/update.ts";

/** What all sessions of a process share. */
export interface Runtime {
  store: SessionStore;
  clock: Clock;
  /** Evenly distributed over [0, 1), for jitter. */
  random(): number;
  observe: Observe;
  /** Whether a limit is waited for, once a turn, instead of ending it. */
  wait: boolean;
}

/** What one session runs with. */
export interface Equipment {
  provider: Provider;
  contract: ReplayContract;
  /** The text that the model is told before everything else. */
  instructions: string;
  settings: Settings;
  environment: CallEnvironment;
  /** Makes the window smaller; without one a turn ends when the context is full. */
  compact?: Compactor;
  /** Where the session works from now on, when it differs from what its log says. */
  workspace?: Workspace;
  /** What the person changes about the session before it goes on: a rewind, an amendment of the instructions. */
  changes?: readonly NewEvent[];
}

/** What a new session is made with, beside its equipment. */
export interface SessionStart {
  /** UUID version 7. */
  id: string;
  name?: string;
  workspace: Workspace;
  /** The first item, before any prompt. */
  context: Uint8Array;
}
