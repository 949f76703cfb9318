import type { Action } from "../recovery/action.ts";
import type { Situation } from "../recovery/situation.ts";
import { isPast } from "../recovery/trial.ts";
import type { Journal } from "../turn/journal.ts";
import type { Runtime } from "../turn/equipment.ts";
import type { TurnResult } from "../turn/turn.ts";
import { quarantine } from "./repair.ts";
import type { Requests } from "./requests.ts";

/** What requests are tried with that were refused in words which nobody knows; logged once the provider takes it, and forgotten before. */
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

  begin(action: Extract<Action, { do: "try" }>): void {
    this.#pending = { action, step: this.#journal().history.step };
    this.#requests.trial = action.quarantine;
  }

  drop(): void {
    this.#pending = undefined;
    this.#requests.trial = undefined;
  }

  /** Logs it when a step has ended with it. */
  async taken(): Promise<void> {
    if (this.#pending && this.#journal().history.step > this.#pending.step) await this.#keep();
  }

  /** The same after a run of steps, and when the request is refused for something else now. */
  async settle(result: TurnResult, situation: Situation): Promise<void> {
    await this.taken();
    if (!this.#pending || result.kind === "completed" || !isPast(result.failure)) return;
    await this.#keep();
    situation.noteKept();
  }

  async #keep(): Promise<void> {
    if (!this.#pending) return;
    const { quarantine: tried, kept } = this.#pending.action;
    await quarantine(this.#runtime, this.#journal(), { do: "repair", quarantine: tried, notice: kept });
    this.drop();
  }
}
