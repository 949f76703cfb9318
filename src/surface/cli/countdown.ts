import { durationWords } from "../../lib/words.ts";
import type { Terminal } from "../command/terminal.ts";

const eraseLine = "\r\u001B[K";

/** Shows how long is left on one line that is drawn anew each second; the returned function removes the line. */
export function countDown({ err }: Pick<Terminal, "err">, until: number): () => void {
  const show = (): void =>
    err(`${eraseLine}… ${durationWords(Math.max(0, until - Date.now()))} left, Ctrl-C stops waiting`);
  show();
  const timer = setInterval(show, 1_000);
  // The wait keeps the process alive, not the countdown.
  timer.unref();
  return () => {
    clearInterval(timer);
    err(eraseLine);
  };
}
