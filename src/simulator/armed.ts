import {
  isStandingFault,
  isStreamFault,
  type Fault,
  type RefusingFault,
  type StandingFault,
  type StreamFault,
  type StreamPoint,
} from "./fault.ts";

/** What faults are matched against: a request's number, step and turn. */
export interface Target {
  /** The n-th request of the simulator, and of its session, from 1. */
  readonly request: number;
  readonly requestOfSession: number;
  readonly session: string;
  readonly turn: number;
  readonly step: string | undefined;
}

/** The faults of a scenario with what is left of them. */
export class ArmedFaults {
  readonly #faults: readonly Fault[];
  readonly #fired = new Map<string, number>();
  readonly #limits = new Map<Fault, number>();

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
  }

  /** Whether what the provider holds is to change so before this request; asking uses the fault up. */
  changes(kind: StandingFault["kind"], target: Target): boolean {
    const due = this.#faults.filter((fault) => fault.kind === kind && this.#due(fault, target));
    due.forEach((fault) => this.#use(fault, target));
    return due.length > 0;
  }

  /** The fault that refuses this request, used up by it, with the end of its usage limit (milliseconds since 1970). */
  refusing(target: Target, now: number): { fault: RefusingFault; until: number } | undefined {
    for (const fault of this.#faults) {
      if (isStreamFault(fault) || isStandingFault(fault)) continue;
      if (fault.kind === "usage-limit") {
        const until = this.#limits.get(fault) ?? (selects(fault, target) ? now + fault.resets_in : 0);
        if (until <= now) continue;
        this.#limits.set(fault, until);
        return { fault, until };
      }
      if (!this.#due(fault, target)) continue;
      this.#use(fault, target);
      return { fault, until: 0 };
    }
    return undefined;
  }

  /** The fault that happens in this response, used up by it; `passes` says how often the response passes a point. */
  streaming(target: Target, passes: (point: StreamPoint) => number): StreamFault | undefined {
    const fault = this.#faults.find(
      (candidate) =>
        isStreamFault(candidate) && this.#due(candidate, target) && passes(candidate.after) >= candidate.nth,
    );
    if (fault === undefined || !isStreamFault(fault)) return undefined;
    this.#use(fault, target);
    return fault;
  }

  #due(fault: Fault, target: Target): boolean {
    return selects(fault, target) && (this.#fired.get(this.#counter(fault, target)) ?? 0) < fault.times;
  }

  #use(fault: Fault, target: Target): void {
    const counter = this.#counter(fault, target);
    this.#fired.set(counter, (this.#fired.get(counter) ?? 0) + 1);
  }

  #counter(fault: Fault, target: Target): string {
    return `${this.#faults.indexOf(fault)} ${fault.per === "session" ? target.session : ""}`;
  }
}

function selects(fault: Fault, target: Target): boolean {
  const number = fault.per === "session" ? target.requestOfSession : target.request;
  return (
    (fault.request === undefined || number >= fault.request) &&
    (fault.step === undefined || fault.step === target.step) &&
    (fault.turn === undefined || fault.turn === target.turn)
  );
}
