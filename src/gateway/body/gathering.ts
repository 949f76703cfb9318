import { type BodyMemory, segmentBytes } from "./held-body.ts";

/** Between two runs of one answer, milliseconds: longer than a burst needs from one event to the next, shorter than anyone sees. */
const restMs = 4;

/** The same when so many answers (`busy`) rest at once that writing them is most of what the gateway does. */
const busyRestMs = 10;
const busy = 16;

/** One timer for all answers that rest: one for each would cost more than the writes that it saves. */
export class Rests {
  #resting: Gathering[] = [];
  #isBusy = false;

  begin(gathering: Gathering): void {
    if (this.#resting.length === 0) setTimeout(() => this.#end(), this.#isBusy ? busyRestMs : restMs);
    this.#resting.push(gathering);
  }

  #end(): void {
    const rested = this.#resting;
    this.#resting = [];
    this.#isBusy = rested.length >= busy;
    for (const gathering of rested) gathering.rested();
  }
}

/**
 * Puts the pieces of an answer together to runs that are handled, and written, at once. undici tells every chunk of the transfer encoding
 * by itself, and an upstream makes one of each event: what came with one read is one run. After a run that was sent the answer rests, so
 * that a burst goes out in a few writes; what comes later than that is a run at once, as a model's own events are.
 */
export class Gathering {
  readonly #memory: BodyMemory;
  readonly #rests: Rests | undefined;
  readonly #handle: (run: Buffer) => void;
  readonly #send: () => void;
  #isResting = false;
  /** What came since the last run, and how much of it is filled. */
  #open: Buffer | undefined;
  #used = 0;

  /**
   * `handle` gets each run, whose memory is used for others afterwards; `send` follows it, except in `drain`. Without `rests` none rests.
   */
  constructor(memory: BodyMemory, rests: Rests | undefined, handle: (run: Buffer) => void, send: () => void) {
    this.#memory = memory;
    this.#rests = rests;
    this.#handle = handle;
    this.#send = send;
  }

  add(piece: Buffer): void {
    if (piece.length > segmentBytes - this.#used) this.#flush();
    if (piece.length > segmentBytes) {
      this.#handle(piece);
      return this.#send();
    }
    if (!this.#open) {
      this.#open = this.#memory.take();
      if (!this.#isResting) process.nextTick(() => this.#flush());
    }
    this.#open.set(piece, this.#used);
    this.#used += piece.length;
  }

  /** Handles what was gathered, without sending it: it goes out with what follows. */
  drain(): void {
    const open = this.#open;
    if (!open) return;
    const run = open.subarray(0, this.#used);
    this.#open = undefined;
    this.#used = 0;
    this.#handle(run);
    this.#memory.give([open]);
  }

  /** Told after a run was sent: the answer rests. */
  rest(): void {
    if (this.#isResting || !this.#rests) return;
    this.#isResting = true;
    this.#rests.begin(this);
  }

  /** Told when the rest is over: what came meanwhile is a run. */
  rested(): void {
    this.#isResting = false;
    if (this.#open) this.#flush();
  }

  #flush(): void {
    this.drain();
    this.#send();
  }
}
