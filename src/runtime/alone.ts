import { Failure } from "../failure.ts";

/** Lets one turn at a time into a session: two in one log would answer each other's prompts. */
export class Alone {
  #isBusy = false;

  /** Throws `usage`, before anything is done, while other work is under way. */
  async at<T>(session: string, work: () => Promise<T>): Promise<T> {
    if (this.#isBusy) {
      const message =
        `Session ${session} is at work: it runs one turn at a time, and nothing was logged. ` +
        `Wait for its end, or leave the message for later with: throughline queue ${session} TEXT`;
      throw new Failure("usage", message, {});
    }
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }
}
