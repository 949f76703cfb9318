import type { FailureSignal } from "../failure.ts";
import { formatTime } from "../lib/date.ts";
import { printableLine } from "../lib/printable.ts";
import { catalogue, type FailureClass, type FailureData } from "./catalogue.ts";
import { type ClassifyContext, words } from "./pattern.ts";

/**
 * One line for a person: what happened, when it ends, what the provider said (shortened, without control characters), the class, and
 * what to do next.
 */
export function failureMessage(
  failureClass: FailureClass,
  data: FailureData[FailureClass],
  signal: FailureSignal,
  context: Pick<ClassifyContext, "provider">,
): string {
  const entry = catalogue[failureClass];
  // Where not all of it can be shown, the provider's own words are.
  const said = printableLine(signal.message.length > 200 ? words(signal) : signal.message, 200);
  const facts: string[] = [failureClass];
  if (context.provider) facts.push(context.provider);
  if (signal.status !== undefined) facts.push(`HTTP ${signal.status}`);
  const code = signal.code ?? signal.type;
  if (code && code !== failureClass) facts.push(printableLine(code, 60));
  return `${entry.means}${when(data)} (${facts.join(", ")})${said ? `: ${said.replace(/[.\s]+$/u, "")}` : ""}. Next: ${entry.youCan}.`;
}

/** The line of a turn that ended as another class than its last failure's: with what to do next about that one. */
export const endedMessage = (ended: FailureClass, message: string): string =>
  message.replace(/ Next: .*$/su, () => ` Next: ${catalogue[ended].youCan}.`);

function when(data: FailureData[FailureClass]): string {
  if ("resetsAt" in data && data.resetsAt !== undefined) return `; it resets at ${formatTime(data.resetsAt)}`;
  if ("retryAfterMs" in data && data.retryAfterMs !== undefined)
    return `; it asks to wait ${Math.ceil(data.retryAfterMs / 1000)} s`;
  return "";
}
