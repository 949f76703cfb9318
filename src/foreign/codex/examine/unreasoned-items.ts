import type { RolloutLine } from "../rollout/lines.ts";
import { itemHead } from "../rollout/item-head.ts";
import { type Span, spanOf } from "../rollout/span.ts";
import { Bounded } from "./bounded.ts";

const mostFound = 10_000;

/**
 * Finds items of the model's with ids whose reasoning may have been in a line that can't be read. OpenAI refuses such an item ("provided
 * without its required 'reasoning' item"). A response begins with its reasoning, so that it is missed only where the line stands before
 * the first item of a response; an item that never had any goes as well without an id.
 */
export class UnreasonedItems {
  readonly #found = new Bounded<Span>(mostFound);
  /**
   * Where the next record stands: before a response's first item, within one, after its reasoning, or after a line that may have held
   * that.
   */
  #place: "before" | "within" | "reasoned" | "unreadable" = "before";
  #hasReasoning = false;

  /** None in a session without reasoning. */
  get items(): readonly Span[] {
    return this.#hasReasoning ? this.#found.items : [];
  }

  unreadable(): void {
    if (this.#place === "before") this.#place = "unreadable";
    // It may have been the output or the prompt before the next response.
    else if (this.#place === "within") this.#place = "before";
  }

  reasoning(): void {
    this.#hasReasoning = true;
    this.#place = "reasoned";
  }

  /** `isModels`: it is an answer or a call. */
  item(isModels: boolean, line: RolloutLine): void {
    if (!isModels) this.#place = "before";
    else if (this.#place !== "unreadable") this.#place = "within";
    else if (itemHead(line.bytes)?.id) this.#found.add(spanOf(line));
  }

  replaced(): void {
    this.#found.keep([]);
  }

  rolledBack(from: number): void {
    this.#found.keep(this.#found.items.filter(({ index }) => index < from));
  }
}
