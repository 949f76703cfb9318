import type { Terminal } from "./terminal.ts";

/** What is done faster than this needs no bar. Milliseconds. */
const patience = 300;
/** Between two drawings of the bar, milliseconds. */
const between = 80;
const width = 24;

export interface Progress {
  show(done: number, total: number, what: string): void;
  /** Takes the bar away; `show` may draw it again. */
  clear(): void;
}

/** A bar on stderr, for what takes long on a terminal; elsewhere nothing. */
export function progress(terminal: Terminal, now: () => number = () => performance.now()): Progress {
  const began = now();
  let drawn: number | undefined;
  return {
    show: (done, total, what) => {
      const at = now();
      if (!terminal.interactive || at - began < patience || at - (drawn ?? -between) < between) return;
      drawn = at;
      const filled = Math.round((width * done) / Math.max(total, 1));
      const bar = "█".repeat(filled) + "░".repeat(width - filled);
      terminal.err(`\r${bar} ${done} of ${total} · ${what}\x1b[K`);
    },
    clear: () => {
      if (drawn !== undefined) terminal.err("\r\x1b[K");
      drawn = undefined;
    },
  };
}
