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
 * What the next owner does with an open call (R26). Each of them but "answer" is a plain `tool.run`, which finds the same in the spool:
 * run: not started, safe to start · attach: follow what still runs · collect: take the output of what ended · complete: carry an accepted
 * change through · rerun: it only reads · unknown: answered as unknown, never repeated by itself · answer: there is no such tool.
 */
export type Settlement = "run" | "attach" | "collect" | "complete" | "rerun" | "unknown" | "answer";

/** The decision about an open call. */
export interface Settled {
  settlement: Settlement;
  /** For the person, one line. */
  notice: string;
}

/**
 * Decides what to do with an open call, from its intent (in the log) and from what the spool says was started and finished. `now`:
 * milliseconds since 1970, by this machine's clock.
 */
export function settleCall({ call, intended, tool, state }: LedgerEntry, now: number): Settled {
  const what = callLabel(call);
  if (!tool) return { settlement: "answer", notice: `${what} was asked for, but there is no such tool now` };
  if (tool.replay === "safe") {
    return intended
      ? { settlement: "rerun", notice: `${what} was interrupted; it only reads and is run again` }
      : { settlement: "run", notice: `${what} was not started; it is run now` };
  }
  switch (state.state) {
    case "not-started":
      return { settlement: "run", notice: `${what} was not started; it is run now` };
    case "running": {
      const running = `(pid ${state.pid}), running for ${durationWords(now - state.since)}`;
      return { settlement: "attach", notice: `attached again to ${what} ${running}` };
    }
    case "finished":
      return {
        settlement: "collect",
        notice: `${what} had finished; its output is collected, it is not run again`,
      };
    case "resumable":
      return {
        settlement: "complete",
        notice: `${what} was interrupted half way; ${state.what} is completed`,
      };
    case "unknown":
      return {
        settlement: "unknown",
        notice: `the outcome of ${what} is unknown (${state.why}); it is not repeated, and the model is told to verify`,
      };
  }
}

/** A call in a few words: the command of a shell call, the name of any other tool. */
export function callLabel(call: Pick<ToolCall, "name" | "input">): string {
  return `\`${printableLine(visible(call.name === "shell_command" ? commandOf(call.input) : call.name), 60)}\``;
}
