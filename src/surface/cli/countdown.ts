import { durationWords } from "../../lib/words.ts";
import type { Terminal } from "./terminal.ts";

const eraseLine = "\r\u001B[K";

/** Shows on one line, for a person who watches, how long is left; the function that it gives takes the line away. */
export function countDown({ err }: Pick<Terminal, "err">, until: number): () => void {
  const show = (): void =>
    err(`${eraseLine}… ${durationWords(Math.max(0, until - Date.now()))} left, Ctrl-C stops waiting`);
  show();
  const timer = setInterval(show, 1_000);
  // The wait itself keeps the program running.
  timer.unref();
  return () => {
    clearInterval(timer);
    err(eraseLine);
  };
}
