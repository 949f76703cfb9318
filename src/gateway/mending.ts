import type { Failure } from "../failure.ts";
import type { Action } from "../recovery/action.ts";
import { decide, Situation } from "../recovery/policy.ts";
import { contractNamed } from "../replay/contracts.ts";
import { project } from "../replay/project.ts";

/** What is done about a failure of one request, while nothing of its answer has gone out. */
export type Verdict =
  /** The same request again. */
  | { do: "retry"; delayMs: number }
  /** It is the client's to know. */
  | { do: "pass" };

/** What a decision rests on beside the failure. */
export interface MendingFacts {
  /** Milliseconds since 1970. */
  now(): number;
  /** Evenly distributed over [0, 1), for jitter. */
  random(): number;
}

/** Nothing replayed is looked at for these failures. */
const nothing = project(contractNamed("openai"), { issuer: "", quarantines: [] }, []);

/** What becomes of one request: its repairs and its retries are counted here. */
export class Mending {
  /** What is to be sent. */
  readonly body: Buffer;
  readonly #facts: MendingFacts;
  readonly #situation = new Situation();

  constructor(body: Buffer, facts: MendingFacts) {
    this.body = body;
    this.#facts = facts;
  }

  refused(failure: Failure): Verdict {
    const { now, random } = this.#facts;
    const circumstances = { now: now(), random: random(), wait: false, projection: nothing, upTo: -1 };
    const action: Action = decide(failure, this.#situation, circumstances);
    return action.do === "retry" ? action : { do: "pass" };
  }
}
