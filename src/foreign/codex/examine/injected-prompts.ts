import { isCallKind } from "../../../session/item.ts";
import { isInjected } from "../rollout/payload/injected.ts";
import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { Bounded } from "./bounded.ts";
import type { WatchedRecord } from "./watched-record.ts";

const mostFound = 10_000;

/** Finds prompts without a call id (`isInjected`), which providers other than OpenAI refuse. */
export class InjectedPrompts {
  readonly found = new Bounded<Span>(mostFound);
  /** Whether the last of them waits for an answer of the model's. */
  #isWaiting = false;
  #wasAnswered = false;

  /**
   * Whether the model has answered after one of them, or there is none: who accepts one accepts the others too, also the one at which a
   * session broke off.
   */
  get isTaken(): boolean {
    return this.#wasAnswered || !this.#isWaiting;
  }

  /** `call`: the number of the id of a call or an output. */
  item({ kind, payload }: WatchedRecord, line: RolloutLine, call: number | undefined): void {
    if (call === undefined && isInjected(kind, payload)) {
      this.found.add(spanOf(line));
      this.#isWaiting = true;
    } else if (this.#isWaiting && isModels(kind, payload.role)) {
      this.#wasAnswered = true;
      this.#isWaiting = false;
    }
  }

  /** What a summary replaced is not sent any more. */
  replaced(): void {
    this.found.clear();
  }

  rolledBack(from: number): void {
    this.found.keep(({ index }) => index < from);
  }
}

const isModels = (kind: string, role: unknown): boolean =>
  isCallKind(kind) || kind === "reasoning" || role === "assistant";
