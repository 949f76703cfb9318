import type { Quarantine } from "../session/event.ts";

/** What kinds of failure are counted apart from each other. */
export type RetryKind = "cut" | "idle" | "refused" | "overloaded" | "rate-limit" | "unknown";

/**
 * What was done about failures in one turn: make one when a turn begins, tell it when a step succeeded, and ask `decide` with it, which
 * notes its answers here.
 */
export class Situation {
  readonly #retries = new Map<RetryKind, number>();
  #climbed: Quarantine[] = [];
  #tried: Quarantine[] = [];
  #pairs: string[] = [];
  #repairs = 0;
  #overflows = 0;
  #waits = 0;
  #continued = false;
  #isRotated = false;

  /** `hasWaited`: a limit was sat out before the turn began; that was the turn's wait. */
  constructor({ hasWaited = false } = {}) {
    if (hasWaited) this.#waits = 1;
  }

  /** Repairs made in this turn. */
  get repairs(): number {
    return this.#repairs;
  }

  /** Quarantines made since a step last succeeded. */
  get climbed(): readonly Quarantine[] {
    return this.#climbed;
  }

  /** The trials since a step last succeeded or a trial helped; the last one is in force. */
  get tried(): readonly Quarantine[] {
    return this.#tried;
  }

  /** Requests that were too long since a step last succeeded. */
  get overflows(): number {
    return this.#overflows;
  }

  /** Waits in this turn: once it has gone on after one, it waits no more. */
  get waits(): number {
    return this.#waits;
  }

  /** Whether the turn went on after a wait: it does so once (R17). */
  get continued(): boolean {
    return this.#continued;
  }

  /** Whether the session was rotated in this turn. */
  get isRotated(): boolean {
    return this.#isRotated;
  }

  /** How often the step was tried again after failures of this kind. */
  retries(kind: RetryKind): number {
    return this.#retries.get(kind) ?? 0;
  }

  /** Whether the call's pair was repaired since a step last succeeded. */
  hasPaired(call: string): boolean {
    return this.#pairs.includes(call);
  }

  /** A step succeeded: what failed before it is over, but for the number of repairs, which is the turn's. */
  progressed(): void {
    if (this.#waits > 0) this.#continued = true;
    this.#retries.clear();
    this.#climbed = [];
    this.#tried = [];
    this.#pairs = [];
    this.#overflows = 0;
  }

  /** The step is tried again unchanged. */
  noteRetry(kind: RetryKind): void {
    this.#retries.set(kind, this.retries(kind) + 1);
  }

  /** The step is tried again without what the quarantine sets aside. */
  noteRepair(quarantine: Quarantine): void {
    this.#climbed.push(quarantine);
    this.#repairs++;
  }

  /** The step is tried again with a quarantine that may not help. */
  noteTrial(quarantine: Quarantine): void {
    this.#tried.push(quarantine);
    this.#repairs++;
  }

  /** The last trial helped: it is in the log now. */
  noteKept(): void {
    this.#tried = [];
  }

  /** The turn goes on in a successor session. */
  noteRotation(): void {
    this.#isRotated = true;
    this.#repairs++;
  }

  /** The call got its output, or was set aside. */
  notePairs(call: string): void {
    this.#pairs.push(call);
    this.#repairs++;
  }

  /** The request was too long, and the window is made smaller. */
  noteOverflow(): void {
    this.#overflows++;
  }

  /** The compaction that was to answer an overflow could not be made: the overflow doesn't count. */
  forgetOverflow(): void {
    this.#overflows--;
  }

  /** A limit is waited for. */
  noteWait(): void {
    this.#waits++;
  }
}
