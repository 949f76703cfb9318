import { classify } from "../../../failure/classify.ts";
import type { FailureClass } from "../../../failure/catalogue.ts";
import { namedBy } from "../../../failure/named.ts";
import type { Failure } from "../../../failure.ts";
import {
  isCallIdMissed,
  isDependentRefused,
  isIdRefused,
  isItemRefused,
  pastedLine,
  signalFromText,
} from "./error-text.ts";
import type { FindingKind } from "./catalogue.ts";
import type { SealChoice } from "./seal-choice.ts";

/** What a message that a person has in hand means. */
export interface Understood {
  /** The failure of the catalogue, for messages of a provider or the transport. */
  readonly failure?: Failure;
  /** What it means, in a sentence; set for messages of Codex's own. */
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
  readonly thread?: string;
  /** The name of a rollout's file, without its folder. */
  readonly file?: string;
  /** An item's or a call's id, or the last characters of a blob: to be looked for in rollouts. */
  readonly marks: readonly string[];
}

interface OwnWords {
  readonly says: { test(text: string): boolean };
  readonly means: string;
  readonly youCan?: string;
  readonly kinds: readonly FindingKind[];
}

/** What Codex says by itself (0.20 to 0.169, 2026-11). */
const ownWords: readonly OwnWords[] = [
  {
    says: /already has an active writer/iu,
    means:
      "Another Codex has the session open: a terminal, an editor or the app; it may be idle. Close it there",
    kinds: ["live"],
  },
  {
    says: /missing an ordinal/iu,
    means: "An older Codex has written to a session of a newer one, which refuses it now",
    kinds: ["missing-ordinal"],
  },
  {
    says: /rollout(?: at)? .*is empty/iu,
    means: "The session's file is empty",
    kinds: ["empty-file"],
  },
  {
    says: /invalid session metadata history_mode/iu,
    means:
      "The session's first line says that its history is of a kind that this version doesn't know: a newer Codex wrote it, or it is damaged",
    kinds: ["history-mode-unknown"],
  },
  {
    says: /failed to read session metadata|start with session metadata|failed to parse (?:conversation|thread) ID|failed to parse first rollout record|has no usable header record/iu,
    means: "The first line of the session's file is missing or can't be read",
    kinds: [
      "header-broken",
      "header-missing",
      "byte-order-mark",
      "other-layout",
      "empty-file",
      "git-lfs-pointer",
    ],
  },
  {
    says: /no rollout found for thread id|no saved session found/iu,
    means:
      "Codex's state database names a place where the session's file isn't any more, or there is no such session",
    kinds: ["state-moved", "two-files-one-id", "name-differs"],
  },
  {
    says: /stream did not contain valid UTF-8/iu,
    means:
      "A line of the session's file holds bytes that are no text, and this version refuses the whole file",
    kinds: ["invalid-utf8"],
  },
  {
    says: /list_turns is not supported|database (?:disk image is malformed|failed integrity)|file is not a database/iu,
    means: "A database beside the sessions is damaged; the sessions are not",
    kinds: ["state-unreadable"],
  },
  {
    says: /is archived\b.*unarchive|thread .* is archived/iu,
    means: "The session is archived",
    youCan: "codex unarchive, with its id, brings it back",
    kinds: [],
  },
  {
    // Measured with 0.130 to 0.169: the list of a new database has the chosen provider for such a file, and so has `exec resume`.
    says: /model provider (?:``|“”)(?: not found|, which is no longer configured)/iu,
    means:
      "The session's file names no provider, as files of up to 0.52 don't, and came into this home after Codex had made its database",
    youCan:
      "codex exec resume, with the session's id, goes on with it; after that the app and the terminal do",
    kinds: [],
  },
  {
    // 0.144 to 0.155 say "not found", 0.169 "no longer configured".
    says: /model provider [`“][^`”]+[`”](?: not found|, which is no longer configured)/iu,
    means: "The session was made with a provider that Codex's config.toml doesn't have any more",
    youCan:
      "put [model_providers.NAME] back into it, or go on elsewhere: throughline resume, with the session's id",
    kinds: [],
  },
  {
    says: /cannot change this thread's model provider/iu,
    means:
      "The session was made with another provider than the one that config.toml chooses, and `codex exec resume` doesn't change that (0.169)",
    youCan: "codex exec -c model_provider=NAME resume, with the first of the two names",
    kinds: [],
  },
  {
    says: { test: isCallIdMissed },
    means:
      "The session holds a prompt or context that came from elsewhere: a goal, the app, another session or an automation. Codex keeps it as an output without a call id, which providers other than OpenAI refuse, with every request from then on",
    kinds: ["injected-output"],
  },
  {
    // Only Rust words it so: a provider's full disk comes in the words of Python, Go or Node.
    says: /\bos error 28\b/iu,
    means: "The disk is full, so that Codex can't write the session's file",
    youCan: "make room, then go on: codex resume; what was half written is repaired by throughline repair",
    kinds: [],
  },
  {
    says: /(?:cannot|could not) access session files/iu,
    means: "Codex may not read or write the folder in which its sessions lie: sudo may have made files in it",
    youCan: "make it yours again: sudo chown -R $(whoami) ~/.codex",
    kinds: [],
  },
  {
    says: /waiting for network/iu,
    means: "The provider can't be reached; Codex (0.150 and later) waits for ever",
    youCan: "end it with Ctrl-C, and see whether the provider's base URL can be reached from here",
    kinds: [],
  },
];

const kindsOfClass: Partial<Record<FailureClass, readonly FindingKind[]>> = {
  "sealed-reasoning-rejected": ["seal-refused", "seal-malformed", "dependent-id"],
  "sealed-compaction-rejected": ["seal-refused", "seal-malformed", "dependent-id"],
  "item-not-persisted": ["seal-refused", "seal-malformed", "dependent-id"],
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
  "Codex sends it again with every request. To go on where it is sent in words: throughline resume, with the session's id";
/** Turns and requests have ids of the same form, so the words around an id decide. */
const sessionsId = new RegExp(
  `(?:thread|session|conversation)[ _.]?(?:id)?[^0-9a-z]{0,4}(${uuid.source})`,
  "iu",
);

/**
 * Reads a message as Codex or a provider says it; never fails: at worst it is one of an unknown failure. What it says of a rollout is what
 * `repairRollout` takes as `only` and `seals`. `now`: milliseconds since 1970.
 */
export function understand(text: string, now: number = Date.now()): Understood {
  const named = namedIn(text);
  const line = pastedLine(text);
  const own = ownWords.find(({ says }) => says.test(line));
  if (own) {
    const { means, youCan, kinds } = own;
    return { means, ...(youCan !== undefined && { youCan }), kinds, named };
  }
  const failure = classify(signalFromText(text), { now, sealedSent: true });
  // The reasoning that the item's id refers to stands elsewhere, or is gone: the ids go, and reasoning that is left on its own.
  if (isDependentRefused(failure)) return { failure, kinds: ["dependent-id", "lone-reasoning"], named };
  if (isIdRefused(failure)) return { failure, kinds: ["invalid-id"], named };
  const kinds = kindsOfClass[failure.class] ?? [];
  if (kinds.length === 0 && isItemRefused(failure)) return { failure, youCan: inWords, kinds, named };
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

function namedIn(text: string): Named {
  const file = /rollout-[\w.:-]+?\.jsonl(?:\.zst)?/u.exec(text)?.[0];
  const said = file === undefined ? sessionsId.exec(text)?.[1] : undefined;
  const thread = (said ?? uuid.exec(file ?? text)?.[0])?.toLowerCase();
  const marks = [...text.matchAll(/\b(?:rs|cmp|msg|fc|fco|ctc|ctco|call|ws)_[A-Za-z0-9_-]{6,}/gu)].map(
    ([id]) => id,
  );
  return {
    ...(file !== undefined && { file }),
    ...(thread !== undefined && { thread }),
    marks: [...new Set(marks)],
  };
}
