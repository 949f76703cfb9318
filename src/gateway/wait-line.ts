import type { FailureSignal } from "../failure.ts";
import type { FailureClass } from "../failure/catalogue.ts";
import { formatTime } from "../lib/date.ts";
import { printableLine } from "../lib/printable.ts";
import { durationWords, secondsWords } from "../lib/words.ts";
import type { Verdict } from "./healing/verdict.ts";

/** The operator's line for a request that waits until it is asked again. */
export function waitLine(
  upstream: string,
  verdict: Extract<Verdict, { do: "hold" | "retry" }>,
  why: FailureClass,
  { status, code }: FailureSignal,
): string {
  if (verdict.do === "hold") {
    const until = verdict.until === undefined ? "" : ` until ${formatTime(verdict.until)}`;
    return `${upstream}: ${why}; held${until}, asking again in ${durationWords(verdict.delayMs)}`;
  }
  const cause = [why, status, code].filter((word) => word !== undefined).join(" ");
  return `asking ${upstream} again in ${secondsWords(verdict.delayMs)}: ${printableLine(cause, 120)}`;
}
