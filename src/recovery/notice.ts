import { printableLine } from "../lib/printable.ts";
import { counted, durationWords, secondsWords } from "../lib/words.ts";
import { type Failure, isFailureOf } from "../failure.ts";
import type { Quarantine } from "../session/event.ts";
import { sealAge } from "../replay/seal.ts";
import type { Action } from "./action.ts";

/** What a notice says beside the failure and the action. */
export interface NoticeFacts {
  /** Milliseconds since 1970. */
  now: number;
  /** Items that the failed attempt delivered, and outputs of its calls; all of them are in the log. */
  items: number;
  outputs: number;
  /** How times are written for the person: `14:05`, `14:05 UTC`. */
  clockTime(at: number): string;
}

/** The one line that a person is told when something went wrong: what happened, what was kept, what is done now. */
export function noticeOf(failure: Failure, action: Action, facts: NoticeFacts): string {
  switch (action.do) {
    case "repair":
    case "repair-pairs":
      return action.notice;
    case "retry":
      return `${happened(failure, facts)}; trying again in ${secondsWords(action.delayMs)}`;
    case "wait":
      return `${happened(failure, facts)}; resets at ${untilWords(action.until, facts)}; waiting for it`;
    case "park":
      return [
        happened(failure, facts),
        action.until === undefined
          ? "the provider doesn't say until when"
          : `resets at ${untilWords(action.until, facts)}`,
        "the session is whole",
      ].join("; ");
    case "interrupt":
      return `interrupted; ${keptWords(facts)}`;
    case "stop":
      return action.class === "unrecoverable"
        ? `no repair is left that would change the request; the log is untouched (${causeWords(failure)})`
        : failure.message;
  }
}

/** The line for a rung of the ladder (R3). */
export function repairNotice(failure: Failure, quarantine: Quarantine, now: number): string {
  const { count, oldestSealedAt, scope } = quarantine;
  const cause = causeWords(failure);
  if (scope.kind === "item-ids") {
    return `item ids were refused; ${counted(count, "item")} sent without them from now on; nothing was left out (${cause})`;
  }
  const age = oldestSealedAt === undefined ? "earlier" : `${durationWords(sealAge(oldestSealedAt, now))} ago`;
  const kept = "all messages and tool results kept";
  const refused = sealedClasses.has(failure.class) ? "could not be decrypted" : "was refused";
  if (count === 0)
    return `the request was refused; sealed reasoning is not asked for any more; ${kept} (${cause})`;
  return `reasoning sealed ${age} ${refused}; ${counted(count, "item")} set aside; ${kept} (${scopeWords[scope.kind]}; ${cause})`;
}

export function pairsNotice(failure: Failure, call: string | undefined): string {
  const name = call === undefined ? "a tool call" : `tool call ${printableLine(call, 40)}`;
  const missing = failure.class === "call-without-output" ? "output" : "call";
  return `the provider found no ${missing} for ${name}; it was added to the log; nothing was run again`;
}

const sealedClasses: ReadonlySet<string> = new Set([
  "sealed-reasoning-rejected",
  "sealed-compaction-rejected",
]);

const scopeWords: Readonly<Record<Exclude<Quarantine["scope"]["kind"], "item-ids">, string>> = {
  items: "only this one was refused, so it is damaged",
  issuer: "the key, account or deployment that sealed it has changed",
  sealed: "no sealed reasoning is accepted here any more",
};

const transportWords: Readonly<Record<Failure<"transport-interrupted">["data"]["reason"], string>> = {
  cut: "stream cut",
  idle: "stream silent for too long",
  reset: "connection reset",
  refused: "connection refused",
  unresolved: "host name not found",
  incomplete: "response cut short",
  reconnect: "connection reached its time limit",
};

function happened(failure: Failure, facts: NoticeFacts): string {
  if (isFailureOf(failure, "transport-interrupted")) {
    const words = transportWords[failure.data.reason];
    if (failure.data.reason === "refused" || failure.data.reason === "unresolved") return words;
    return facts.items === 0 ? `${words} before any item` : `${words} after ${keptWords(facts)}`;
  }
  if (isFailureOf(failure, "usage-limit")) return "usage limit reached";
  if (isFailureOf(failure, "rate-limit")) return "rate limit reached";
  const status = failure.signal?.status;
  if (isFailureOf(failure, "overloaded")) {
    return `the provider is overloaded or failing${status === undefined ? "" : ` (${status})`}`;
  }
  return `the request failed (${failure.class}${status === undefined ? "" : `, ${status}`})`;
}

function keptWords({ items, outputs }: NoticeFacts): string {
  return `${counted(items, "item")}; ${counted(outputs, "tool output")} kept`;
}

/** Status and code where there is a code, as logs and searches know it; the provider's words where there is none. */
function causeWords({ class: failureClass, signal }: Failure): string {
  if (!signal) return failureClass;
  if (signal.code !== undefined)
    return [signal.status, signal.code].filter((part) => part !== undefined).join(" ");
  return `the provider said${signal.status === undefined ? "" : ` ${signal.status}`}: "${printableLine(signal.message, 160)}"`;
}

function untilWords(until: number, { now, clockTime }: NoticeFacts): string {
  return `${clockTime(until)} (in ${durationWords(Math.max(0, until - now))})`;
}
