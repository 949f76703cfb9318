import { Failure } from "../../failure.ts";

/** What runs in a conversation: one piece of work after the other, each until it ends or is stopped. */
export class Works {
  readonly #signal: AbortSignal;
  readonly #onRest: () => void;
  /** Stops the piece that was begun last. */
  #controller: AbortController | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #leading: Promise<boolean> | undefined;

  /** `signal` stops every piece; `onRest` is called when none is left. */
  constructor(signal: AbortSignal, onRest: () => void) {
    this.#signal = signal;
    this.#onRest = onRest;
  }

  /** Set while work runs that leads elsewhere (`lead`); resolves to whether it did. */
  get leading(): Promise<boolean> | undefined {
    return this.#leading;
  }

  /** Aborts when what was begun last is stopped; while nothing runs, the signal for all. */
  get signal(): AbortSignal {
    return this.#controller?.signal ?? this.#signal;
  }

  get isBusy(): boolean {
    return this.#controller !== undefined;
  }

  /** Whether something runs that `stop` hasn't stopped yet. */
  get canStop(): boolean {
    return this.#controller?.signal.aborted === false;
  }

  /** Runs the work when what was begun before has ended. */
  run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, this.#signal]);
    this.#controller = controller;
    const run = this.#last
      .then(() => work(signal))
      .finally(() => {
        if (this.#controller !== controller) return;
        this.#controller = undefined;
        this.#onRest();
      });
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** As `run`, for work that leads to another session or model, unless it rejects or resolves to false. */
  lead<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const led = this.run(work);
    this.#leading = led.then(
      (there) => there !== false,
      () => false,
    );
    return led.finally(() => (this.#leading = undefined));
  }

  /** Stops what runs; what has finished is kept. */
  stop(): void {
    this.#controller?.abort(new Failure("cancelled", "Interrupted.", {}));
  }

  /** Resolves when what was begun up to now has ended. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
