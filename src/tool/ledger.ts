import { printableLine, visible } from "../lib/printable.ts";
import { durationWords } from "../lib/words.ts";
import type { Tool, ToolCall, ToolState } from "../tool.ts";
import { commandOf } from "./shell/arguments.ts";

/** A call that the log leaves without output: its intent, as far as the log has it. */
export interface LedgerEntry {
  call: ToolCall;
  /** Its `tool-started` is in the log. Without it nothing of the call was done, and it may still need an approval. */
  intended: boolean;
  /** Undefined when the agent has no such tool any more. */
  tool: Pick<Tool, "replay"> | undefined;
  /** From the tool's `inspect`. */
  state: ToolState;
}

/**
 * What the next owner does with an open call (R26), in one line for the person: told from its intent (in the log) and from what the spool
 * says was started and finished. It is done by `tool.run`, which finds the same in the spool. `now`: milliseconds since 1970, by this
 * machine's clock.
 */
export function settlementNotice({ call, intended, tool, state }: LedgerEntry, now: number): string {
  const what = callLabel(call);
  if (!tool) return `${what} was asked for, but there is no such tool now`;
  if (tool.replay === "safe" && intended) return `${what} was interrupted; it only reads and is run again`;
  if (tool.replay === "safe") return `${what} was not started; it is run now`;
  switch (state.state) {
    case "not-started":
      return `${what} was not started; it is run now`;
    case "running":
      return `attached again to ${what} (pid ${state.pid}), running for ${durationWords(now - state.since)}`;
    case "finished":
      return `${what} had finished; its output is collected, it is not run again`;
    case "resumable":
      return `${what} was interrupted half way; ${state.what} is completed`;
    case "unknown":
      return `the outcome of ${what} is unknown (${state.why}); it is not repeated, and the model is told to verify`;
  }
}

/** A call in a few words: the command of a shell call, the name of any other tool. */
export function callLabel(call: Pick<ToolCall, "name" | "input">): string {
  return `\`${printableLine(visible(call.name === "shell_command" ? commandOf(call.input) : call.name), 60)}\``;
}
