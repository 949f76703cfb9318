import { catalogue, type FailureClass } from "../../../failure/catalogue.ts";
import { namedBy } from "../../../failure/named.ts";
import { type Failure, isFailureOf } from "../../../failure.ts";
import { isRefusal } from "../../../recovery/trial.ts";
import {
  isDependentRefused,
  isIdRefused,
  isSealMissed,
  messagesIn,
  namesItem,
  pastedLine,
} from "./error-text.ts";
import type { FindingKind } from "./catalogue.ts";
import { failureSaid } from "./failure-said.ts";
import { type OwnWords, ownWords } from "./own-words.ts";
import type { SealChoice } from "./seal-choice.ts";
import { wordsAround } from "./words-around.ts";

/** What a message that a person has in hand means. */
export interface Understood {
  /** The failure of the catalogue, for messages of a provider or the transport. */
  readonly failure?: Failure;
  /** What it means, in a sentence; set where it is no failure of the catalogue. */
  readonly means?: string;
  /** What to do, where neither a repair nor another try helps. */
  readonly youCan?: string;
  /** Kinds of damage that make Codex say this; empty when no repair of a rollout helps. */
  readonly kinds: readonly FindingKind[];
  /** Which sealed content the message is about, when it is about any. */
  readonly seals?: SealChoice;
  /** What it names. */
  readonly named: Named;
}

/** What an error message names: a thread, a file, and marks of content. */
export interface Named {
  /** The id of a session, where the words around it say that it is one. */
  readonly thread?: string;
  /** The name of a rollout's file, without its folder. */
  readonly file?: string;
  /** The id of an item, a call, a turn or a request, or the last characters of a blob: to be looked for in rollouts. */
  readonly marks: readonly string[];
}

const kindsOfClass: Partial<Record<FailureClass, readonly FindingKind[]>> = {
  "sealed-reasoning-rejected": ["seal-refused", "seal-malformed", "dependent-id"],
  "sealed-compaction-rejected": ["seal-refused", "seal-malformed", "dependent-id"],
  "item-not-persisted": ["unsealed-reasoning", "seal-refused", "seal-malformed", "dependent-id"],
  "reasoning-content-too-long": ["plain-reasoning"],
  "reasoning-unpaired": [
    "lone-reasoning",
    "lost-message",
    "unparsable-line",
    "invalid-utf8",
    "lone-surrogate",
    "torn-tail",
    "seal-refused",
    "seal-malformed",
  ],
  "duplicate-item": ["doubled-record", "invalid-id"],
  "call-without-output": [
    "call-without-output",
    "unparsable-line",
    "invalid-utf8",
    "lone-surrogate",
    "torn-tail",
  ],
  "output-without-call": ["output-without-call", "unparsable-line", "invalid-utf8", "lone-surrogate"],
};

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/iu;
const inWords =
  "It is sent again with every request. To go on where it is sent in words: throughline resume, with the session's id";
const tried =
  "Codex would send the same again. To go on where it is tried without what may be the cause: throughline resume, with the session's id";
/** What a person at Codex can do where the catalogue, which is written for Throughline's own sessions, says something else. */
const advice: Partial<Record<FailureClass, string>> = {
  "context-overflow":
    "choose a model with a larger window: `codex resume --last --model NAME`; or go on here, where the conversation is summarised: throughline resume, with the session's id",
  "chain-missing": "go on with `codex resume --last`, which sends the whole conversation",
  "parameter-unsupported":
    "change the setting that it names (`-c model_reasoning_effort=…`, `--model`), or have it left out by a gateway between (throughline gateway install-codex), then go on with `codex resume --last`",
  "auth-denied":
    "sign in anew (`codex login`), or check the key that the provider's env_key names, and its base URL; of a page in place of an answer, the VPN or the proxy; then go on with `codex resume --last`",
  "auth-expired": "sign in anew (`codex login`), then go on with `codex resume --last`",
  "rate-limit": "wait for a minute, then go on with `codex resume --last`",
  refusal:
    'say it differently: `codex resume --last "…"`; what was refused is still in the session: where that is refused too, go back before it with Esc twice',
  overloaded: "go on in a minute with `codex resume --last`, or with another model (`--model NAME`)",
  "transport-interrupted":
    "go on with `codex resume --last`; where that ends so again, see whether the address is reached from here: a proxy, a VPN, a relay that isn't running",
};
const unsealed: Omit<Understood, "named"> = {
  means:
    "The session holds reasoning without its seal, as a provider that seals none leaves it, or a relay that drops seals; OpenAI refuses every request with it",
  kinds: ["unsealed-reasoning", "seal-malformed", "dependent-id"],
  seals: { which: "dead" },
};
/** Of words alone that nobody knows, not even that a provider said them is certain. */
const unknownWords = {
  means: "No message that is known here is worded like that",
  youCan:
    "give more of it, with what stands around it; and see what is wrong with the sessions themselves: throughline doctor",
};
/** Turns and requests have ids of the same form, so the words around an id decide. */
const sessionsId = new RegExp(
  `(?:(?:thread|session|conversation)(?: (?:not )?found)?(?: with)?[ _.]?(?:id)?|\\b(?:resume|unarchive|fork) )[^0-9a-z]{0,4}(${uuid.source})`,
  "iu",
);
const rollout = /rollout-[\w:-]+?\.jsonl(?:\.zst)?/u;
const itemId = /\b(?:rs|cmp|msg|fc|fco|ctc|ctco|call|ws)_[A-Za-z0-9_-]{6,}/gu;

/**
 * Reads a message as Codex or a provider says it; never fails: at worst it is one of an unknown failure. What it says of a rollout is what
 * `repairRollout` takes as `only` and `seals`. `now`: milliseconds since 1970.
 */
export function understand(text: string, now: number = Date.now()): Understood {
  const line = pastedLine(text);
  const named = namedIn(text);
  const own = [...ownWords, ...wordsAround].find(({ says }) => says.test(line));
  const beside = own?.isAside && toldBeside(text, own, now);
  if (beside) return beside;
  if (own) {
    const { means, youCan, kinds } = own;
    return { means, ...(youCan !== undefined && { youCan }), kinds, named };
  }
  if (isSealMissed(line)) return { ...unsealed, named };
  const failure = failureSaid(text, now);
  if (!failure) return { ...unknownWords, kinds: [], named };
  // The reasoning that the item's id refers to stands elsewhere, or is gone: the ids go, and reasoning that is left on its own.
  if (isDependentRefused(failure)) return { failure, kinds: ["dependent-id", "lone-reasoning"], named };
  if (isIdRefused(failure)) return { failure, kinds: ["invalid-id"], named };
  const kinds = kindsOfClass[failure.class] ?? [];
  const isTried = isFailureOf(failure, "unknown-provider-failure") && isRefusal(failure);
  const youCan = advice[failure.class] ?? (isSentAgain(failure) ? inWords : isTried ? tried : undefined);
  if (kinds.length === 0) return { failure, ...(youCan !== undefined && { youCan }), kinds, named };
  if (!kinds.includes("seal-refused")) return { failure, kinds, named };
  const { item, tail } = namedBy(failure);
  const marks = [...new Set([...named.marks, ...(tail === undefined ? [] : [tail])])];
  // "for item cmp_34....b7bd": an id that somebody has shortened is none.
  const isShortened =
    item !== undefined && /^(?:\.{2,}|…)/u.test(line.slice(line.indexOf(item) + item.length));
  const isNamed = (item !== undefined || tail !== undefined) && !isShortened;
  const seals: SealChoice = isNamed
    ? { which: "named", ...(item !== undefined && { id: item }), ...(tail !== undefined && { tail }) }
    : { which: "all" };
  return { failure, kinds, seals, named: { ...named, marks } };
}

/** What else is told on a screen that was pasted whole, where that is known. */
function toldBeside(text: string, { says }: OwnWords, now: number): Understood | undefined {
  const messages = messagesIn(text);
  const others = messages.filter((message) => !says.test(pastedLine(message)));
  if (others.length === messages.length) return undefined;
  const told = understand(others.join("\n"), now);
  const { failure, means } = told;
  const isKnown = failure ? failure.class !== "unknown-provider-failure" : means !== unknownWords.means;
  if (!isKnown) return undefined;
  const named = namedIn(text);
  return { ...told, named: { ...named, marks: [...new Set([...named.marks, ...told.named.marks])] } };
}

/** Whether what was refused is a part of the history, which a client sends again as it is. */
const isSentAgain = (failure: Failure): boolean =>
  catalogue[failure.class].area === "replay" || namesItem(failure);

/** What a message names, also where a terminal's edge has cut an id or a file's name in two. */
function namedIn(text: string): Named {
  const [line, glued] = [pastedLine(text), pastedLine(text, "")];
  const file = rollout.exec(line)?.[0] ?? rollout.exec(glued)?.[0];
  const said = file === undefined ? (sessionsId.exec(line) ?? sessionsId.exec(glued))?.[1] : undefined;
  const thread = said ?? uuid.exec(file ?? "")?.[0];
  const marks = [line, glued].flatMap((each) => [
    ...Array.from(each.matchAll(itemId), ([id]) => id),
    ...Array.from(each.matchAll(new RegExp(uuid, "giu")), ([id]) => id.toLowerCase()),
  ]);
  return {
    ...(file !== undefined && { file }),
    ...(thread !== undefined && { thread: thread.toLowerCase() }),
    marks: [...new Set(marks)],
  };
}
