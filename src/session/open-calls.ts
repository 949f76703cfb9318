import type { ItemFacts } from "./event.ts";
import { outputKinds } from "./item.ts";

/** What pairing needs to know of an item. */
export type Pairable = Pick<ItemFacts, "kind" | "call"> & { readonly turn?: number; readonly step?: number };

interface Open<T> {
  readonly value: T;
  readonly step: string;
}

/**
 * The calls that no output has answered yet, in order. Calls and outputs pair up by kind and call id, and by occurrence, since some
 * gateways count their call ids anew in every response: an output answers the first open call of its id in the latest step that has one.
 */
export class OpenCalls<T> {
  readonly #open = new Map<string, Open<T>[]>();

  /** Notes an open call. */
  add(call: Pairable, value: T): void {
    const key = keyOf(call.kind, call.call);
    const open: Open<T> = { value, step: `${call.turn}.${call.step}` };
    const others = this.#open.get(key);
    if (others) others.push(open);
    else this.#open.set(key, [open]);
  }

  /** The call that the output answers, which is open no more; `undefined` when there is none. */
  take(output: Pairable): T | undefined {
    const callKind = callKinds.get(output.kind);
    if (callKind === undefined) return undefined;
    const key = keyOf(callKind, output.call);
    const open = this.#open.get(key);
    const last = open?.at(-1);
    if (!open || !last) return undefined;
    let at = open.length - 1;
    while (open[at - 1]?.step === last.step) at--;
    const [taken] = open.splice(at, 1);
    if (open.length === 0) this.#open.delete(key);
    return taken?.value;
  }

  clear(): void {
    this.#open.clear();
  }
}

const callKinds: ReadonlyMap<string, string> = new Map(
  Object.entries(outputKinds).map(([call, output]) => [output, call]),
);

const keyOf = (callKind: string, call: string | undefined): string => `${callKind} ${call ?? ""}`;
