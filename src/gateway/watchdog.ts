/** One thing that must not stand still for too long. */
export interface Watch {
  /** Something moved. */
  touch(): void;
  /** From now on it may stand still for so long. `undefined`, as after a standstill: for as long as it likes. */
  allow(ms: number | undefined): void;
  stop(): void;
}

interface Watched {
  at: number;
  limit: number | undefined;
  readonly expire: () => void;
}

/**
 * Looks after everything that may come to a standstill with one timer for all of it: thousands of streams that each set a timer again for
 * every chunk would cost more than the chunks do. Coarse: it finds a standstill up to one look early or late.
 */
export class Watchdog {
  readonly #timer: NodeJS.Timeout;
  readonly #watched = new Set<Watched>();
  #now = performance.now();

  /** `tickMs`: how often it looks. */
  constructor(tickMs: number) {
    this.#timer = setInterval(() => this.#look(), tickMs);
    this.#timer.unref();
  }

  /** Calls `expire` once when nothing moved for longer than `limitMs`; `allow` begins anew. */
  watch(limitMs: number, expire: () => void): Watch {
    const entry: Watched = { at: this.#now, limit: limitMs, expire };
    this.#watched.add(entry);
    return {
      touch: () => {
        entry.at = this.#now;
      },
      allow: (ms) => {
        entry.at = this.#now;
        entry.limit = ms;
      },
      stop: () => {
        this.#watched.delete(entry);
      },
    };
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }

  #look(): void {
    this.#now = performance.now();
    for (const entry of this.#watched) {
      if (entry.limit === undefined || this.#now - entry.at <= entry.limit) continue;
      entry.limit = undefined;
      entry.expire();
    }
  }
}
