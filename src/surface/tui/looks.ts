/** Milliseconds between two looks. */
const tick = 1_000;

/** Looks that are taken every second, and when they are asked for, one at a time. */
export class Looks {
  readonly #take: () => Promise<void>;
  readonly #onFailed: (error: unknown) => string | undefined;
  readonly #tell: (trouble: string) => void;
  readonly #ticking: NodeJS.Timeout;
  #isLooking = false;
  /** What the last look failed with, as it was told. */
  #trouble: string | undefined;

  /**
   * `take`: one look. `onFailed`: what is told of one that failed, in words; `undefined` for nothing. `tell` is given them once, until a look
   * succeeds or fails with others.
   */
  constructor(
    take: () => Promise<void>,
    onFailed: (error: unknown) => string | undefined,
    tell: (trouble: string) => void,
  ) {
    this.#take = take;
    this.#onFailed = onFailed;
    this.#tell = tell;
    this.#ticking = setInterval(() => void this.look(), tick);
  }

  /** Never rejects. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#take();
      this.#trouble = undefined;
    } catch (error) {
      const trouble = this.#onFailed(error);
      if (trouble !== undefined && trouble !== this.#trouble) this.#tell(trouble);
      this.#trouble = trouble;
    } finally {
      this.#isLooking = false;
    }
  }

  stop(): void {
    clearInterval(this.#ticking);
  }
}
