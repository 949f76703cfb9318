import { isAnswerKind, needsAnswer } from "../rollout/payload/answer.ts";

/** An open call, by the item that asks for it. */
export interface OpenCall {
  readonly kind: string;
  readonly call: string;
}

/** Follows which calls have no output yet. */
export class OpenCalls {
  readonly #open: OpenCall[] = [];
  /** The ids of all calls. */
  readonly #called = new Set<string>();
  /** Whether a call came twice or was left without output, or an output came without its call. */
  isUneven = false;

  see(kind: string, call: string): void {
    if (needsAnswer(kind, call)) {
      this.#open.push({ kind, call });
      if (this.#called.has(call)) this.isUneven = true;
      this.#called.add(call);
    }
    if (isAnswerKind(kind)) {
      const answered = this.#open.findIndex((open) => open.call === call);
      if (answered >= 0) this.#open.splice(answered, 1);
      else if (call !== "") this.isUneven = true;
    }
  }

  /** The open calls, which count as answered from now on. */
  leave(): OpenCall[] {
    if (this.#open.length === 0) return [];
    this.isUneven = true;
    return this.#open.splice(0);
  }
}
