import type { Clock } from "../../lib/clock.ts";

/** The idle timeout passed: not one byte came or went. */
export class IdleError extends Error {
  readonly ms: number;

  constructor(ms: number) {
    super(`nothing was received for ${Math.round(ms / 1000)} s`);
    this.name = "IdleError";
    this.ms = ms;
  }
}

/** The sign that nothing has come for `ms` milliseconds. */
export interface Silence {
  type: "silent";
  ms: number;
}

/**
 * Watches over one request's silence. Two clocks run. Any byte, sent or received, heartbeats included, resets the idle timeout. Only what
 * the model writes resets the sign of silence, because a heartbeat says nothing about the model behind it. Neither runs while the
 * consumer is at work.
 */
export class Pulse {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #silenceMs: number;
  #byteAt: number;
  #wordAt: number;
  #signAt: number;

  constructor(clock: Clock, idleMs: number, silenceMs: number) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#silenceMs = silenceMs;
    this.#byteAt = this.#wordAt = clock.monotonic();
    this.#signAt = this.#wordAt + silenceMs;
  }

  byte(): void {
    this.#byteAt = this.#clock.monotonic();
  }

  word(): void {
    this.#byteAt = this.#wordAt = this.#clock.monotonic();
    this.#signAt = this.#wordAt + this.#silenceMs;
  }

  /** Waits for `work`, giving a sign for each stretch of silence. Throws `IdleError`, or the signal's reason as soon as it aborts. */
  async *wait<T>(work: Promise<T>, signal: AbortSignal): AsyncGenerator<Silence, T> {
    // Once waiting is given up, nobody else would handle a later failure of the work.
    work.catch(() => undefined);
    for (;;) {
      const now = this.#clock.monotonic();
      const idleAt = this.#byteAt + this.#idleMs;
      if (now >= idleAt) throw new IdleError(now - this.#byteAt);
      if (now >= this.#signAt) {
        yield { type: "silent", ms: Math.round(now - this.#wordAt) };
        this.#signAt = Math.max(this.#signAt + this.#silenceMs, this.#clock.monotonic());
        continue;
      }
      const outcome = await settledWithin(work, Math.min(idleAt, this.#signAt) - now, signal);
      if (outcome) return outcome.value;
    }
  }
}

/** What `work` gives, or `undefined` when it takes longer than `ms`. Rejects when `work` does or the signal aborts. */
function settledWithin<T>(
  work: Promise<T>,
  ms: number,
  signal: AbortSignal,
): Promise<{ value: T } | undefined> {
  return new Promise((resolve, reject) => {
    const stopWaiting = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
    };
    const aborted = (): void => {
      stopWaiting();
      reject(signal.reason);
    };
    const giveUp = (): void => {
      stopWaiting();
      resolve(undefined);
    };
    // Node fires a timer up to a millisecond early by the monotonic clock, and in a process that stood still for so long (Ctrl-Z, a laptop
    // asleep) before what has come meanwhile is read.
    const timer = setTimeout(() => setImmediate(giveUp), Math.ceil(ms) + 1);
    signal.addEventListener("abort", aborted, { once: true });
    if (signal.aborted) return aborted();
    work.then(
      (value) => {
        stopWaiting();
        resolve({ value });
      },
      (error: unknown) => {
        stopWaiting();
        reject(error);
      },
    );
  });
}
