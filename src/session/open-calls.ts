import type { ItemFacts } from "./event.ts";
import { outputKinds } from "./item.ts";

/** What pairing needs to know of an item. */
export type Pairable = Pick<ItemFacts, "kind" | "call"> & { readonly turn?: number; readonly step?: number };

interface Open<T> {
  readonly value: T;
  readonly turn: number | undefined;
  readonly step: number | undefined;
}

/**
 * The calls that no output has answered yet, in order. Calls and outputs pair up by kind and call id, and by occurrence, since some
 * gateways count their call ids anew in every response: an output answers the first open call of its id in the latest step that has one.
 */
export class OpenCalls<T> {
  /** By the kind of the output that answers them, then by call id. */
  readonly #open = new Map<string, Map<string, Open<T>[]>>();

  /** Notes an open call. */
  add({ kind, call = "", turn, step }: Pairable, value: T): void {
    const open: Open<T> = { value, turn, step };
    const outputKind = outputKinds[kind] ?? "";
    let ofKind = this.#open.get(outputKind);
    if (!ofKind) this.#open.set(outputKind, (ofKind = new Map()));
    const others = ofKind.get(call);
    if (others) others.push(open);
    else ofKind.set(call, [open]);
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
    const open = ofKind?.get(call);
    const last = open?.at(-1);
    if (!ofKind || !open || !last) return undefined;
    if (open.length === 1) {
      ofKind.delete(call);
      return last.value;
    }
    let at = open.length - 1;
    while (open[at - 1]?.step === last.step && open[at - 1]?.turn === last.turn) at--;
    const [taken] = open.splice(at, 1);
    return taken?.value;
  }

  clear(): void {
    this.#open.clear();
  }
}
