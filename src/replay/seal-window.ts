import type { ItemRecord } from "../session/event.ts";
import { isSealHolder } from "../session/item.ts";
import { flag } from "./flag.ts";
import type { Layout } from "./layout.ts";
import { type InStep, isModelItem, isSameStep } from "./likeness.ts";

/** For contracts that accept seals of the newest turns only: leaves out what was sealed in turns that have left that window. */
export class SealWindow {
  readonly #turns: number;
  readonly #layout: Layout;
  // Index up to which items were looked at, and the last step of which something was left out.
  #at = 0;
  #turn = 0;
  #step: InStep | undefined;

  constructor(turns: number, layout: Layout) {
    this.#turns = turns;
    this.#layout = layout;
  }

  /** The turn `newest` begins after the first `count` items. Each of them is looked at once. */
  slide(newest: number, items: readonly ItemRecord[], count: number): void {
    for (; this.#at < count; this.#at++) {
      const record = items[this.#at]!;
      const { event } = record;
      if (event.type === "item-added") this.#turn = Math.max(this.#turn, event.turn);
      if (this.#turn > newest - this.#turns) return;
      if (!this.#layout.isSent(this.#at)) continue;
      if (isSealHolder(event)) this.#layout.send(this.#at, this.#layout.flags(this.#at) | flag.unsealed);
      else if (event.sealed) {
        this.#layout.leaveOut(this.#at, "sealed-too-old");
        if (event.type === "item-added") this.#step = { turn: event.turn, step: event.step };
      } else if (isModelItem(record) && isSameStep(this.#step, event)) {
        this.#layout.send(this.#at, this.#layout.flags(this.#at) | flag.detached);
      }
    }
  }
}
