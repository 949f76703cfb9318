/** Why an item is not sent as it stands in the log. */
export type ReplayRule =
  | "sealed-dropped"
  | "sealed-elsewhere"
  | "sealed-too-old"
  | "seal-malformed"
  | "not-sealed"
  | "quarantined"
  | "reasoning-unfollowed"
  | "empty"
  | "duplicate"
  | "call-without-output"
  | "output-without-call"
  | "call-id-too-long";

/** One item that is left out of a request or changed in it. */
export interface ReplayEntry {
  seq: number;
  rule: ReplayRule;
  /** In words, for `show` and `--json`. */
  why: string;
}

/** What each rule does, in words. */
export const ruleWords: Readonly<Record<ReplayRule, string>> = {
  "sealed-dropped": "left out: this backend takes no sealed reasoning back",
  "sealed-elsewhere": "left out: another issuer sealed it, and this one can't open it",
  "sealed-too-old": "left out: this backend takes sealed reasoning of the last turns only",
  "seal-malformed": "left out: its sealed blob was cut or edited and would be refused",
  "not-sealed":
    "left out: reasoning without its sealed blob refers to an item that the provider has not kept",
  quarantined: "left out: it was refused before and set aside",
  "reasoning-unfollowed":
    "left out: reasoning must be followed by the item that it led to, and that never arrived",
  empty: "left out: a message without text is refused by some backends and says nothing to any",
  duplicate: "left out: the same item was sent before it",
  "call-without-output": "answered: outcome unknown; verify before repeating",
  "output-without-call": "sent as a message: its call is not part of the conversation",
  "call-id-too-long": "its call id was shortened, on the call and on its output alike",
};

/** Rules by number, as a projection keeps them; 0 is none. */
export const rules = Object.keys(ruleWords) as readonly ReplayRule[];
