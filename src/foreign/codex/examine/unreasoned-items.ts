import { type RolloutLine, type Span, spanOf } from "../rollout/bytes/lines.ts";
import { itemHead } from "../rollout/record/item-head.ts";
import { Bounded } from "./bounded.ts";

const mostFound = 10_000;

/**
 * Where the next record stands, in order, so that each missing line moves it on by one: right after reasoning ("reasoned"), later in the
 * same response ("within"), before the next response ("before"), or where that one's reasoning may have been lost ("missed").
 */
const places = ["reasoned", "within", "before", "missed"] as const;

/**
 * Finds items of the model's with ids whose reasoning may have been in a line that is gone or can't be read. OpenAI refuses such an item
 * ("provided without its required 'reasoning' item"). A response begins with its reasoning, so that it is missed only where the line stands
 * before the first item of a response; an item that never had any goes as well without an id.
 */
export class UnreasonedItems {
  readonly #found = new Bounded<Span>(mostFound);
  #place: (typeof places)[number] = "before";
  /** Whether the session has any, as far as its lines can be read. */
  hasReasoning = false;

  /** None in a session without reasoning. */
  get items(): readonly Span[] {
    return this.hasReasoning ? this.#found.items : [];
  }

  /** Notes lines that are gone or can't be read: each may have been the record that belongs at the place reached so far. */
  missing(lines: number): void {
    this.#place = places[Math.min(places.indexOf(this.#place) + lines, places.length - 1)]!;
  }

  /** Notes an event that tells of reasoning, which may be all that is left of it. */
  told(): void {
    this.hasReasoning = true;
  }

  /** `isNamed`: what follows can name it. */
  reasoning(isNamed: boolean): void {
    this.hasReasoning = true;
    this.#place = isNamed ? "reasoned" : "missed";
  }

  /** `isModels`: it is an answer or a call. */
  item(isModels: boolean, line: RolloutLine): void {
    if (!isModels) this.#place = "before";
    else if (this.#place !== "missed") this.#place = "within";
    else if (itemHead(line.bytes)?.id) this.#found.add(spanOf(line));
  }

  replaced(): void {
    this.#found.clear();
  }

  rolledBack(from: number): void {
    this.#found.keep(({ index }) => index < from);
  }
}
