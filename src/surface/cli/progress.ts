import type { Terminal } from "../command/terminal.ts";

/** Milliseconds before a bar appears; what is done faster shows none. */
const patience = 300;
/** Milliseconds between two drawings of the bar. */
const between = 80;
const width = 20;
/** Columns of a terminal that doesn't tell its width, or says 0, as some do. */
const usualColumns = 80;

/** Bytes, as a bar counts them. */
export const megabytes = (bytes: number): number => Math.round(bytes / 1e6);

export interface Progress {
  show(done: number, total: number, what: string): void;
  /** Removes the bar; `show` draws it again. */
  clear(): void;
}

/** A progress bar on stderr for what takes long; draws nothing where stderr is no terminal. */
export function progress(terminal: Terminal, now: () => number = () => performance.now()): Progress {
  const began = now();
  const columns = terminal.screen?.output.columns || usualColumns;
  let drawn: number | undefined;
  return {
    show: (done, total, what) => {
      const at = now();
      if (!terminal.interactive || at - began < patience || at - (drawn ?? -between) < between) return;
      drawn = at;
      const filled = Math.round((width * done) / Math.max(total, 1));
      const bar = "█".repeat(filled) + "░".repeat(width - filled);
      // Cut to one row: a line that wraps can't be overwritten by the next one.
      const line = `${bar} ${done} of ${total} ${what}`.slice(0, columns - 1);
      terminal.err(`\r${line}\x1b[K`);
    },
    clear: () => {
      if (drawn !== undefined) terminal.err("\r\x1b[K");
      drawn = undefined;
    },
  };
}
