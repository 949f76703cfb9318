import type { ItemFacts } from "./facts.ts";
import { outputKinds } from "./item.ts";

/** What pairing needs to know of an item. */
export type Pairable = Pick<ItemFacts, "kind" | "call"> & { readonly turn?: number; readonly step?: number };

/** Open calls of one id in one step, the first of them at `next`. */
interface OfStep<T> {
  readonly turn: number | undefined;
  readonly step: number | undefined;
  readonly values: T[];
  next: number;
}

/**
 * The calls that no output has answered yet, in order. Calls and outputs pair up by kind and call id, and by occurrence, since some
 * gateways count their call ids anew in every response: an output answers the first open call of its id in the latest step that has one.
 */
export class OpenCalls<T> {
  /** By the kind of the output that answers them, then by call id; the latest step last. */
  readonly #open = new Map<string, Map<string, OfStep<T>[]>>();

  /** Notes an open call. */
  add({ kind, call = "", turn, step }: Pairable, value: T): void {
    const outputKind = outputKinds[kind] ?? "";
    let ofKind = this.#open.get(outputKind);
    if (!ofKind) this.#open.set(outputKind, (ofKind = new Map()));
    let steps = ofKind.get(call);
    if (!steps) ofKind.set(call, (steps = []));
    const last = steps.at(-1);
    if (last && last.turn === turn && last.step === step) last.values.push(value);
    else steps.push({ turn, step, values: [value], next: 0 });
  }

  /**
   * The call that the output answers, which is open no more; `undefined` when there is none. The output of a function may also answer a call
   * of the local shell: Codex stores and sends no other for it (0.23 to 0.169, 2026-11).
   */
  take({ kind, call = "" }: Pairable): T | undefined {
    const own = this.#take(kind, call);
    return own === undefined && kind === "function_call_output"
      ? this.#take("local_shell_call_output", call)
      : own;
  }

  #take(kind: string, call: string): T | undefined {
    const ofKind = this.#open.get(kind);
    const steps = ofKind?.get(call);
    const last = steps?.at(-1);
    if (!ofKind || !steps || !last) return undefined;
    const taken = last.values[last.next++];
    if (last.next === last.values.length) steps.pop();
    if (steps.length === 0) ofKind.delete(call);
    return taken;
  }

  clear(): void {
    this.#open.clear();
  }
}
