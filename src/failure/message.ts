import type { FailureSignal } from "../failure.ts";
import { formatTime } from "../lib/date.ts";
import { printableLine } from "../lib/printable.ts";
import { adviceWords, beginsWithGoingOn, shellWording, type Wording } from "./advice.ts";
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
  // Where not all of it can be shown, the provider's own words are.
  const said = printableLine(signal.message.length > 200 ? words(signal) : signal.message, 200);
  const facts: string[] = [failureClass];
  if (context.provider) facts.push(context.provider);
  if (signal.status !== undefined) facts.push(`HTTP ${signal.status}`);
  const code = signal.code ?? signal.type;
  if (code && code !== failureClass) facts.push(printableLine(code, 60));
  const happened = `${catalogue[failureClass].means}${when(data)} (${facts.join(", ")})`;
  return advised(`${happened}${said ? `: ${said.replace(/[.\s]+$/u, "")}` : ""}.`, failureClass);
}

/** What stands between what happened and the advice. */
const next = " Next: ";

/** What happened, with the advice of its class in a surface's words. */
export const advised = (happened: string, failureClass: FailureClass, wording?: Wording): string =>
  `${happened}${next}${adviceWords(catalogue[failureClass].youCan, wording)}.`;

/** A failure's message without its advice. */
export function withoutAdvice(message: string): string {
  const at = message.lastIndexOf(next);
  return at < 0 ? message : message.slice(0, at);
}

/** A turn that ended so, as its log says it: the class is unknown where a newer version wrote that. */
interface Ended {
  readonly class: string;
  readonly message: string;
}

/** The message of a turn that ended, with the advice of its class in a surface's words; as it is, where it has none. */
export function messageIn(wording: Wording, { class: failureClass, message }: Ended): string {
  const happened = withoutAdvice(message);
  return happened !== message && isFailureClass(failureClass)
    ? advised(happened, failureClass, wording)
    : message;
}

/** The same beside a command that goes on with the session: without an advice that begins with that. */
export const messageBesideCommand = (session: string, ended: Ended): string =>
  isFailureClass(ended.class) && beginsWithGoingOn(catalogue[ended.class].youCan)
    ? withoutAdvice(ended.message)
    : messageIn(shellWording(session), ended);

/** The message of a turn that ended as another class than its last failure's: with what to do next about that one. */
export const endedMessage = (ended: FailureClass, message: string): string =>
  advised(withoutAdvice(message), ended);

const isFailureClass = (word: string): word is FailureClass => Object.hasOwn(catalogue, word);

function when(data: FailureData[FailureClass]): string {
  if ("resetsAt" in data && data.resetsAt !== undefined) return `; it resets at ${formatTime(data.resetsAt)}`;
  if ("retryAfterMs" in data && data.retryAfterMs !== undefined)
    return `; it asks to wait ${Math.ceil(data.retryAfterMs / 1000)} s`;
  return "";
}
