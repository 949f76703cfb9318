import type { Failure } from "../../failure.ts";
import { printable } from "../../lib/printable.ts";

/** Names the page that explains a class of failure: what it means, what Throughline does, what a person can do. */
export function failurePage(failureClass: string): string {
  return `[${failureClass}: docs/failures.md]`;
}

/** What is said of an error that is a mistake of this program. */
export const bugWords = (error: unknown): string =>
  `Throughline failed unexpectedly: ${error instanceof Error ? error.message : String(error)}. The session's log is kept as it was.`;

/** What is said of a failure: its message and, except for `usage`, the page that explains its class. */
export const failureWords = ({ class: failureClass, message }: Pick<Failure, "class" | "message">): string =>
  failureClass === "usage" ? message : `${message} ${failurePage(failureClass)}`;

/** The line that a failure is printed as. */
export const failureLine = (failure: Pick<Failure, "class" | "message">): string =>
  `${printable(failureWords(failure))}\n`;
