import { printableLine } from "../lib/printable.ts";
import { counted, durationWords, secondsWords } from "../lib/words.ts";
import { type Failure, isFailureOf } from "../failure.ts";
import { aboutSeals, type FailureClass } from "../failure/catalogue.ts";
import { namedBy } from "../failure/named.ts";
import type { Quarantine } from "../session/event.ts";
import { sealAge } from "../replay/seal.ts";
import type { Action } from "./action.ts";
import { isLeavingOut } from "./remedy.ts";

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
    case "try":
    case "rotate":
      return action.notice;
    case "retry":
      return `${happened(failure, facts)}; trying again in ${secondsWords(action.delayMs)}`;
    case "compact":
      return `the request is longer than the model's context window; ${action.how === "trim" ? "shortening tool outputs" : "summarising the conversation so far"}`;
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

/** The line for a repair (R3): what was refused, what the next request does without, what stays. */
export function repairNotice(failure: Failure, quarantine: Quarantine, now: number): string {
  const why = [sealWords(failure, quarantine), causeWords(failure)].filter((words) => words !== undefined);
  return `${repairWords(failure, quarantine, now)} (${why.join("; ")})`;
}

/** The line for a request that is tried without something; `before`: how many trials there were. */
export function trialNotice(failure: Failure, { scope, count }: Quarantine, before: number): string {
  const what = `trying it ${triedWords(scope.kind, count)}`;
  if (before > 0) return `still refused; ${what}`;
  return failure.class === "auth-expired"
    ? `the credential is said to have expired, which may mean the sealed reasoning (${causeWords(failure)}); ${what}`
    : `the request was refused in words that are not known (${causeWords(failure)}); ${what}`;
}

function triedWords(kind: Quarantine["scope"]["kind"], count: number): string {
  switch (kind) {
    case "items":
      return `without ${counted(count, "item")} of sealed reasoning that look damaged`;
    case "issuer":
      return `without ${counted(count, "item")} of sealed reasoning`;
    case "sealed":
      return "without anything sealed";
    case "item-ids":
      return "without item ids";
    case "call-ids":
      return "with shorter call ids";
    case "media":
      return "without images and files";
    case "outputs":
      return "with shorter tool outputs";
    default:
      return "as a plain transcript";
  }
}

/** The line for a trial that the provider took. */
export function keptNotice(failure: Failure, quarantine: Quarantine, now: number): string {
  const { scope, count, oldestSealedAt } = quarantine;
  if (!isLeavingOut(scope)) return repairNotice(failure, quarantine, now);
  const age =
    oldestSealedAt === undefined ? "" : ` sealed ${durationWords(sealAge(oldestSealedAt, now))} ago`;
  return `the request is taken without reasoning${age}; ${counted(count, "item")} set aside; ${allKept} (${causeWords(failure)})`;
}

const allKept = "all messages and tool results kept";

/** What was refused, what the next request does without, and what stays. */
function repairWords(failure: Failure, { count, oldestSealedAt, scope }: Quarantine, now: number): string {
  const items = counted(count, "item");
  switch (scope.kind) {
    case "items":
    case "issuer":
    case "sealed": {
      if (count === 0)
        return `the request was refused; sealed reasoning is not asked for any more; ${allKept}`;
      const isOfSeals = aboutSeals.has(failure.class);
      if (!isOfSeals && oldestSealedAt === undefined)
        return `${leftOutWords[failure.class] ?? "an item was refused"}; ${items} set aside; ${allKept}`;
      const age =
        oldestSealedAt === undefined ? "earlier" : `${durationWords(sealAge(oldestSealedAt, now))} ago`;
      const refused = isOfSeals ? "could not be decrypted" : "was refused";
      const sealed = failure.class === "sealed-compaction-rejected" ? "a compaction" : "reasoning";
      return `${sealed} sealed ${age} ${refused}; ${items} set aside; ${allKept}`;
    }
    case "item-ids":
      return `item ids were refused; ${items} sent without them from now on; nothing was left out`;
    case "call-ids":
      return "call ids were refused; they are sent shortened from now on; nothing was left out";
    case "content":
      return `the words beside sealed reasoning were refused; ${items} sent without them; ${allKept}`;
    case "notes":
    case "item-type": {
      const type = scope.kind === "item-type" ? ` of type ${printableLine(scope.itemType, 40)}` : "";
      return `${items}${type} refused; sent in words from now on; nothing was left out`;
    }
    case "media":
      return `images or files were refused; those of ${items} named in words from now on; the log keeps them`;
    case "outputs":
      return `${counted(count, "tool output")} shortened in requests; the log keeps them whole`;
    case "restored":
      return `thinking that had been left out or changed is wanted back; ${items} sent as before`;
    case "reasoning-text":
      return "plain reasoning is wanted back; it is sent from now on; nothing was left out";
    case "thought-signatures":
      return "thought signatures are wanted back; they are sent from now on; nothing was left out";
    case "transcript":
      return `the history was refused as it is; ${items} of it sent in words or left out, as a plain transcript; the log keeps all`;
    case "chain":
      return scope.through === undefined
        ? "the provider keeps no responses; the whole conversation is sent with every request from now on; nothing was left out"
        : "the provider has not kept the earlier responses; the whole conversation is sent in their place; nothing was left out";
    case "parameter":
      return parameterWords(scope.parameter, scope.turn !== undefined, count);
  }
}

/** What is known about why seals were refused, where that is what was. */
function sealWords(failure: Failure, { count, scope }: Quarantine): string | undefined {
  if (!isLeavingOut(scope) || count === 0 || !aboutSeals.has(failure.class)) return undefined;
  const { item, index, tail } = namedBy(failure);
  const isNamed = item !== undefined || index !== undefined || tail !== undefined;
  switch (scope.kind) {
    case "items":
      return "no other was refused; it alone may be damaged";
    case "issuer":
      return `${isNamed ? "one of them was refused" : "it isn't said which were refused"}, as when the key, account or deployment that sealed them has changed`;
    case "sealed":
      return "no sealed reasoning is accepted here any more";
  }
}

function parameterWords(parameter: string, isForTurn: boolean, count: number): string {
  if (parameter === "include") {
    const aside = count === 0 ? "" : `; ${counted(count, "item")} set aside`;
    return `this model seals no reasoning; it is not asked for any more${aside}; ${allKept}`;
  }
  const until = isForTurn ? "until this turn ends" : "to this model from now on";
  const [, by, tools, told] =
    /^tools\[(!|type=|name=|parameters!=|)([^\]]+)\](\.description)?$/u.exec(parameter) ?? [];
  if (told !== undefined)
    return `the description of the tool ${printableLine(tools!, 40)} was refused; its name is sent in its place ${until}; the history is sent whole`;
  if (tools !== undefined) {
    const which =
      by === "!"
        ? `of other kinds than ${tools}`
        : `${by === "parameters!=" ? "whose parameters are no " : ""}${printableLine(tools, 40)}`;
    return `the tools ${which} were refused; left out ${until}; the history is sent whole`;
  }
  const ofTools = /^tools\[\]\.(\w+)$/u.exec(parameter)?.[1];
  if (ofTools !== undefined)
    return `the member ${printableLine(ofTools, 40)} of tools was refused; left out ${until}; the history is sent whole`;
  const [set, value] = parameter.split("=");
  if (value !== undefined)
    return `the parameter ${set} is sent as ${value} ${until}; the history is sent whole`;
  return `the parameter ${printableLine(parameter, 60)} was refused; left out ${until}; the history is sent whole`;
}

/** The line for a pair whose missing half was added to the log. */
export function pairsNotice(failure: Failure, call: string): string {
  return `${unpaired(failure, call)}; it was added to the log; nothing was run again`;
}

/** The line for a pair that the log has whole, and that was refused all the same. */
export function pairInWordsNotice(failure: Failure, call: string): string {
  return `${unpaired(failure, call)}, although it was sent; both are sent in words from now on; nothing was run again`;
}

function unpaired(failure: Failure, call: string): string {
  const missing = failure.class === "call-without-output" ? "output" : "call";
  return `the provider found no ${missing} for tool call ${printableLine(call, 40)}`;
}

/** The line for a rotation (R30). */
export function rotationNotice(failure: Failure): string {
  if (failure.class === "context-overflow") {
    return `the context is full and nothing in it can be summarised or shortened any more; the session goes on in a successor without its sealed reasoning; nothing was deleted (${causeWords(failure)})`;
  }
  return `no repair is left that would change the request; the session goes on in a successor with everything that was said; nothing was deleted (${causeWords(failure)})`;
}

/** Words for items that are set aside for another reason than their seal, by class. */
const leftOutWords: Readonly<Partial<Record<FailureClass, string>>> = {
  "reasoning-unpaired": "reasoning was refused without the item that it led to",
  "duplicate-item": "an item was refused because it was there twice",
  "item-not-persisted": "an item was refused that the provider hasn't kept",
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
