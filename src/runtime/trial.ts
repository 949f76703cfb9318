import type { Action } from "../recovery/action.ts";
import type { Situation } from "../recovery/situation.ts";
import { isPast } from "../recovery/trial.ts";
import type { Journal } from "../turn/journal.ts";
import type { Runtime } from "./equipment.ts";
import type { TurnResult } from "../turn/turn.ts";
import { quarantine } from "./repair.ts";
import type { Requests } from "./requests.ts";

/**
 * A trial: what requests go with after one was refused in unknown words. It is logged once the provider has accepted it, and leaves no
 * trace otherwise.
 */
export class Trial {
  readonly #runtime: Pick<Runtime, "observe">;
  readonly #journal: () => Journal;
  readonly #requests: Requests;
  #pending: { action: Extract<Action, { do: "try" }>; step: number } | undefined;

  constructor(runtime: Pick<Runtime, "observe">, journal: () => Journal, requests: Requests) {
    this.#runtime = runtime;
    this.#journal = journal;
    this.#requests = requests;
  }

  /** The next requests go with what the action sets aside. */
  begin(action: Extract<Action, { do: "try" }>): void {
    this.#pending = { action, step: this.#journal().history.step };
    this.#requests.trial = action.quarantine;
  }

  /** The next requests go without it again. */
  drop(): void {
    this.#pending = undefined;
    this.#requests.trial = undefined;
  }

  /** Logs the trial once a step has ended with it. */
  async taken(): Promise<void> {
    if (this.#pending && this.#journal().history.step > this.#pending.step) await this.#keep();
  }

  /** As `taken`, after a run of steps, and also when the request is now refused for something else. */
  async settle(result: TurnResult, situation: Situation): Promise<void> {
    await this.taken();
    if (!this.#pending || result.kind === "completed" || !isPast(result.failure)) return;
    await this.#keep();
    situation.noteKept();
  }

  async #keep(): Promise<void> {
    if (!this.#pending) return;
    const { quarantine: tried, kept } = this.#pending.action;
    await quarantine(this.#runtime, this.#journal(), tried, kept);
    this.drop();
  }
}
