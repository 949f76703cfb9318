import { outcomeUnknown } from "./pair.ts";

/** Why an item is not sent as it stands in the log. */
export type ReplayRule =
  | "sealed-dropped"
  | "sealed-elsewhere"
  | "sealed-too-old"
  | "seal-malformed"
  | "seal-within"
  | "not-sealed"
  | "reasoning-text"
  | "reasoning-words"
  | "signature-foreign"
  | "quarantined"
  | "reasoning-unfollowed"
  | "empty"
  | "duplicate"
  | "call-without-output"
  | "output-without-call"
  | "output-again"
  | "answer-outdated"
  | "call-id-empty"
  | "call-id-too-long"
  | "call-id-characters"
  | "call-id-repeated"
  | "item-type-unsupported"
  | "item-refused"
  | "transcript"
  | "role-unknown"
  | "media-unsupported"
  | "media-refused"
  | "media-too-large"
  | "media-too-many"
  | "output-shortened"
  | "assistant-first"
  | "assistant-last";

/** One item that is left out of a request or changed in it. */
export interface ReplayEntry {
  seq: number;
  rule: ReplayRule;
  /** In words, for `show` and `--json`. */
  why: string;
}

/** What each rule does, in words. */
export const ruleWords: Readonly<Record<ReplayRule, string>> = {
  "sealed-dropped": "left out: this backend takes no sealed reasoning back, or none with these settings",
  "sealed-elsewhere": "left out: another issuer sealed it, and this one can't open it",
  "sealed-too-old": "left out: this backend takes sealed reasoning of the last turns only",
  "seal-malformed": "left out: its sealed blob was cut or edited and would be refused",
  "seal-within": "sent without what is sealed in it, which this backend can't open",
  "not-sealed":
    "left out: reasoning without its sealed blob refers to an item that the provider has not kept",
  "reasoning-text": "left out: this backend takes no reasoning in plain words back here",
  "reasoning-words": "sent without its words: this backend takes back the sealed blob only",
  "signature-foreign": "sent without its thought signature, which is another backend's",
  quarantined: "left out: it was refused before and set aside",
  "reasoning-unfollowed":
    "left out: reasoning must be followed by the item that it led to, and that never arrived",
  empty: "left out: a message without text is refused by some backends and says nothing to any",
  duplicate: "left out: the same item was sent before it",
  "call-without-output": `answered: ${outcomeUnknown}`,
  "output-without-call": "sent as a message: its call is not part of the conversation",
  "output-again": "sent as a message: a further output of its call",
  "answer-outdated": "left out: it was put in the place of an output that came later",
  "call-id-empty": "it had no call id: it goes with one, on the call and on its output alike",
  "call-id-too-long": "its call id was shortened, on the call and on its output alike",
  "call-id-characters":
    "its call id was changed, on the call and on its output alike: this backend refuses it as it is",
  "call-id-repeated":
    "its call id was changed, on the call and on its output alike: another call of the request has the same",
  "item-type-unsupported": "sent as a note in words: this backend doesn't know its type",
  "item-refused": "sent as a note in words: it was refused before as it is",
  transcript: "part of a plain transcript: tool calls and outputs in words, reasoning left out",
  "role-unknown": "sent under another role: this backend doesn't know its own",
  "media-unsupported": "its images and files are named in words: this backend doesn't take them here",
  "media-refused": "its images and files are named in words: they were refused before",
  "media-too-large": "an image or file of it is named in words: it is larger than this backend takes",
  "media-too-many": "its images and files are named in words: a request has room for the latest only",
  "output-shortened": "the head and the tail of its output are sent: the context was full",
  "assistant-first": "a line of the user stands before it: a request to this backend begins with the user",
  "assistant-last": "a line of the user stands after it: a request to this backend ends with the user",
};

/** Rules by number, as a projection keeps them; 0 is none. */
export const rules = Object.keys(ruleWords) as readonly ReplayRule[];

/** What a report says, in one entry for each rule: how many items it concerns, and the first of them. */
export interface RuleCount {
  rule: ReplayRule;
  count: number;
  firstSeq: number;
  why: string;
}

/** The rules of a report by how many items they concern, most first. */
export function countByRule(entries: Iterable<ReplayEntry>): RuleCount[] {
  const counts = new Map<ReplayRule, RuleCount>();
  for (const { seq, rule, why } of entries) {
    const known = counts.get(rule);
    if (known) known.count++;
    else counts.set(rule, { rule, count: 1, firstSeq: seq, why });
  }
  return [...counts.values()].sort((left, right) => right.count - left.count);
}
