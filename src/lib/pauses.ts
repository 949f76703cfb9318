import { setImmediate } from "node:timers/promises";

/** Work that takes longer lets timers, signals and other requests wait; to give way more often costs time. */
const mostMs = 12;

/** Pauses in long work that is done without waiting for anything: `if (pauses.isDue) await pauses.take();` between two of its pieces. */
export class Pauses {
  #last = performance.now();

  /** Whether the work has kept everything else waiting for long. */
  get isDue(): boolean {
    return performance.now() - this.#last > mostMs;
  }

  /** Lets everything else that waits have its turn. */
  async take(): Promise<void> {
    await setImmediate();
    this.#last = performance.now();
  }
}
