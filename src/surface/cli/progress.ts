import type { Terminal } from "./terminal.ts";

/** What is done faster than this needs no bar. Milliseconds. */
const patience = 300;
/** Between two drawings of the bar, milliseconds. */
const between = 80;
const width = 20;
/** Where nobody knows how wide the terminal is. */
const usualColumns = 80;

export interface Progress {
  show(done: number, total: number, what: string): void;
  /** Takes the bar away; `show` may draw it again. */
  clear(): void;
}

/** A bar on stderr, for what takes long on a terminal; elsewhere nothing. */
export function progress(terminal: Terminal, now: () => number = () => performance.now()): Progress {
  const began = now();
  const columns = terminal.screen?.output.columns ?? usualColumns;
  let drawn: number | undefined;
  return {
    show: (done, total, what) => {
      const at = now();
      if (!terminal.interactive || at - began < patience || at - (drawn ?? -between) < between) return;
      drawn = at;
      const filled = Math.round((width * done) / Math.max(total, 1));
      const bar = "█".repeat(filled) + "░".repeat(width - filled);
      // A line that wraps could not be drawn over.
      const line = `${bar} ${done} of ${total} ${what}`.slice(0, columns - 1);
      terminal.err(`\r${line}\x1b[K`);
    },
    clear: () => {
      if (drawn !== undefined) terminal.err("\r\x1b[K");
      drawn = undefined;
    },
  };
}
