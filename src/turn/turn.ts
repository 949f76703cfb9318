import { crashPoint } from "../lib/fault.ts";
import type { Failure } from "../failure.ts";
import type { Chain } from "../session/event.ts";
import type { ModelRequest, Provider } from "../provider.ts";
import { attempt } from "./attempt.ts";
import type { Calls } from "./calls.ts";
import type { Journal } from "./journal.ts";
import type { Observe } from "./update.ts";

/** What a turn runs on. */
export interface Turn {
  journal: Journal;
  provider: Provider;
  calls: Calls;
  /** Asked before every attempt: the next request, projected from the log as it is then, with nothing of an earlier one (R24). */
  request(): Promise<ModelRequest>;
  /**
   * What to log of the response that has just ended, so that a later request can name it; `undefined` where the provider doesn't keep it.
   */
  chain(): Chain | undefined;
  /** Called at each step boundary: logs what was queued to steer the turn. True when there was any, so that the turn goes on. */
  steer(): Promise<boolean>;
  observe: Observe;
  signal: AbortSignal;
}

/**
 * How a run of steps ended. `steps`: how many were completed since it was called; `items` and `calls`: what the failed attempt delivered,
 * all of it in the log, every call with its output.
 */
export type TurnResult =
  | { kind: "completed" }
  | {
      kind: "interrupted";
      failure: Failure;
      step: number;
      attempt: number;
      steps: number;
      items: number;
      calls: number;
    };

/** A run of steps that a failed attempt ended. */
export type Interrupted = Extract<TurnResult, { kind: "interrupted" }>;

/**
 * Runs steps until the model has nothing more to call and nobody anything more to say, or until an attempt fails. It decides nothing about
 * a failure: whoever called it does, and calls it again; the log says where to go on. `firstAttempt`: the number of the first step's
 * attempt, from 1.
 */
export async function runTurn(turn: Turn, firstAttempt: number): Promise<TurnResult> {
  const { journal, provider, calls, observe, signal } = turn;
  let steps = 0;
  for (;;) {
    const at = { turn: journal.history.turn, step: journal.history.step + 1 };
    const number = steps === 0 ? firstAttempt : 1;
    observe({ type: "attempt-started", ...at, attempt: number });
    const result = await attempt({
      journal,
      provider,
      calls,
      request: await turn.request(),
      ...at,
      observe,
      signal,
    });
    if (result.kind === "interrupted") {
      return { ...result, step: at.step, attempt: number, steps };
    }
    const { response, model, usage } = result;
    const chain = response === undefined ? undefined : turn.chain();
    await journal.append({
      event: {
        type: "step-ended",
        ...at,
        ...(response !== undefined && { response }),
        ...(model !== undefined && { model }),
        usage,
        ...(chain && { chain }),
      },
    });
    crashPoint("step-ended");
    steps++;
    const steered = await turn.steer();
    if (result.calls === 0 && !steered) return { kind: "completed" };
  }
}
