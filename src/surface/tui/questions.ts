import { systemClock } from "../../lib/clock.ts";
import type { ApprovalRequest } from "../../tool.ts";
import type { Terminal } from "../cli/terminal.ts";
import { type Happening, note } from "./state.ts";
import { columnsOf } from "./wrap.ts";

/** Milliseconds after a question appeared in which keys still go to the message that was being typed. */
const unawares = 400;

/** The room for a question's detail in the smallest supported window, 40 columns by 12 lines. */
const [fewLines, fewColumns] = [3, 36];

/** Asks the person at the screen: one question at a time, in order. Stopping the turn answers its question with no. */
export class Questions {
  readonly #tell: (happening: Happening) => void;
  /** `askedAt` is monotonic: a clock that is set back would keep the keys from the question. */
  #open: { askedAt: number; answer: (yes: boolean) => void } | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #elsewhere: Terminal["ask"];
  /** Whether there is a screen to ask on. */
  isShown = false;
  #allowsAll = false;

  /** `elsewhere`: who is asked as long as there is no screen. */
  constructor(tell: (happening: Happening) => void, elsewhere: Terminal["ask"]) {
    this.#tell = tell;
    this.#elsewhere = elsewhere;
  }

  /** Milliseconds until keys count as answers; 0 when they do. */
  get readyIn(): number {
    return this.#open ? Math.max(0, this.#open.askedAt + unawares - systemClock.monotonic()) : unawares;
  }

  /** Asks whether a call may run. "Always" answers all later ones of this kind. */
  approve(request: ApprovalRequest, signal: AbortSignal): Promise<boolean> {
    return this.#ask({ ...request, title: `${request.title}?`, all: true }, signal);
  }

  ask(title: string, signal: AbortSignal): Promise<boolean> {
    if (!this.isShown) return this.#elsewhere ? this.#elsewhere(title, signal) : Promise.resolve(false);
    return this.#ask({ title, detail: "", all: false }, signal);
  }

  answer(answer: "yes" | "no" | "all"): void {
    if (answer === "all") {
      this.#allowsAll = true;
      const words = "commands and patches run without asking from here on, until you leave";
      this.#tell({ type: "told", blocks: [note(words)] });
    }
    this.#open?.answer(answer !== "no");
  }

  #ask(question: ApprovalRequest & { all: boolean }, signal: AbortSignal): Promise<boolean> {
    const asked = this.#last.then(async () => {
      if (signal.aborted) return false;
      if (question.all && this.#allowsAll) return true;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const stop = (): void => resolve(false);
      signal.addEventListener("abort", stop, { once: true });
      this.#open = { askedAt: systemClock.monotonic(), answer: resolve };
      // What is to be allowed must be seen whole: a small window shows only the beginning of a long text, so all of it is printed above.
      const isLong = linesOf(question.detail) > fewLines;
      const blocks = [
        note(question.title),
        { kind: "printed", text: question.detail, failed: false } as const,
      ];
      if (isLong) this.#tell({ type: "told", blocks });
      const isAbove = isLong || question.patch !== undefined;
      this.#tell({ type: "asked", question: { ...question, isAbove } });
      try {
        return await promise;
      } finally {
        signal.removeEventListener("abort", stop);
        this.#open = undefined;
        this.#tell({ type: "answered" });
      }
    });
    this.#last = asked;
    return asked;
  }
}

const linesOf = (text: string): number =>
  text
    .split("\n")
    .reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line.replaceAll("\t", "    ")) / fewColumns)),
      0,
    );
