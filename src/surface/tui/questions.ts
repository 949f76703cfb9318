import type { ApprovalRequest } from "../../tool.ts";
import type { Terminal } from "../command/terminal.ts";
import { type Happening, note, type Question } from "./state.ts";
import { columnsOf } from "./wrap.ts";

/** Milliseconds after a question was drawn in which keys still go to the message that was being typed. */
const unawares = 400;

/** The room for a question's detail in the smallest supported window, 40 columns by 12 lines. */
const [fewLines, fewColumns] = [3, 36];

/** Asks the person at the screen: one question at a time, in order. Stopping the turn answers its question with no. */
export class Questions {
  readonly #tell: (happening: Happening) => void;
  #open:
    | { question: Question; standing: "asked" | "seen" | "ready"; answer: (yes: boolean) => void }
    | undefined;
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

  /** Whether keys count as answers. */
  get isReady(): boolean {
    return this.#open?.standing === "ready";
  }

  /**
   * A question stands on the screen: a long one may take seconds until it does, and what is typed meanwhile answers nothing. `ready` is called
   * once keys do.
   */
  seen(question: Question, ready: () => void): void {
    const open = this.#open;
    if (open?.question !== question || open.standing !== "asked") return;
    open.standing = "seen";
    const count = (): void => {
      open.standing = "ready";
      ready();
    };
    // A process that stood still for so long first reads what was typed meanwhile.
    setTimeout(() => setImmediate(count), unawares).unref();
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
      // What is to be allowed must be seen whole: a small window shows only the beginning of a long text, so all of it is printed above.
      const isLong = linesOf(question.detail) > fewLines;
      const blocks = [
        note(question.title),
        { kind: "printed", text: question.detail, failed: false } as const,
      ];
      if (isLong) this.#tell({ type: "told", blocks });
      const shown: Question = { ...question, isAbove: isLong || question.patch !== undefined };
      this.#open = { question: shown, standing: "asked", answer: resolve };
      this.#tell({ type: "asked", question: shown });
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

// Marks that stand above and below letters take no columns, and are text all the same.
const linesOf = (text: string): number =>
  text
    .split("\n")
    .map((line) => Math.max(columnsOf(line.replaceAll("\t", "    ")), line.length / 2))
    .reduce((sum, columns) => sum + Math.max(1, Math.ceil(columns / fewColumns)), 0);
