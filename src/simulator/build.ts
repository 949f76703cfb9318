import type { StepInput, TurnInput } from "./scenario.ts";

/** A call of a step, as a scenario writes it. */
export type CallInput = NonNullable<StepInput["call"]>[number];

/** A turn for the prompts that match, with its steps. `turn(2, …)` is the second prompt of the session, `turn(/fix/, …)` goes by its text. */
export function turn(when: number | RegExp | undefined, ...steps: StepInput[]): TurnInput {
  if (when === undefined) return { step: steps };
  if (typeof when === "number") return { number: when, step: steps };
  return { prompt: when.ignoreCase ? `(?i:${when.source})` : when.source, step: steps };
}

/** A step that says a text, or makes the calls, or both. */
export function step(
  does: string | CallInput | CallInput[],
  more: Omit<StepInput, "say" | "call"> & { say?: string } = {},
): StepInput {
  if (typeof does === "string") return { ...more, say: does };
  return { ...more, call: Array.isArray(does) ? does : [does] };
}

/** A call of whichever shell tool the client offers. */
export function shell(command: string, options: { workdir?: string; timeout_ms?: number } = {}): CallInput {
  return { shell: command, ...options };
}

/** A call of `apply_patch` with this patch, `*** Begin Patch` and `*** End Patch` included. */
export function patch(text: string): CallInput {
  return { patch: text };
}

/** A call of any tool by name: an object for a function, text for a custom tool. */
export function call(tool: string, input: Record<string, unknown> | string = {}): CallInput {
  return typeof input === "string" ? { tool, input } : { tool, arguments: input };
}
