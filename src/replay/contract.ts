/**
 * What a backend accepts back and what it must never be sent (R32), as data. One file a backend under `contracts/`, each rule with its
 * source in the docstring. A projection decides by it which items go, in which order and with which words; what shape they have on a
 * wire that isn't Responses is its provider's business.
 */
export interface ReplayContract {
  readonly name: string;
  /**
   * What becomes of sealed reasoning: sent back whoever sealed it, sent back only to the issuer that sealed it, sent only for the last
   * `window` turns, or never.
   */
  readonly sealed: "replay" | "replay-same-issuer" | { readonly window: number } | "drop";
  /**
   * What becomes of reasoning in plain words. `required`: sent for every exchange (what lies between two messages of the user) in which a
   * tool was called, left out of the others. `allowed`: sent. `with-seal`: sent where a seal stands beside it, left out otherwise. `drop`:
   * left out, and sealed reasoning goes without its words.
   */
  readonly reasoningText: "required" | "allowed" | "with-seal" | "drop";
  /** Item ids stay, or only `call_id` does; `keep-prefixed`: those stay that have the prefix of their item's type. */
  readonly itemIds: "keep" | "keep-prefixed" | "detach";
  /** Longest call id in characters; longer ones are hashed alike on the call and on its output. */
  readonly callIdLimit: number;
  /** `word`: a call id has letters, digits, `_` and `-`, isn't empty, and no two calls of a request have the same. */
  readonly callIds: "any" | "word";
  /**
   * What has to be replayed unchanged while a tool loop is open, or the request is refused: nothing, the signatures of its thinking, or the
   * thought signature of the first call of each step. Signatures that this wire doesn't know are cut off.
   */
  readonly openLoop: "nothing" | "thinking-signatures" | "thought-signatures";
  /** `after-step`: all calls of a step, then all their outputs, and nothing in between. */
  readonly adjacency: "any" | "after-step";
  /** Item types that are sent as they are; others become a note in words. */
  readonly itemTypes: "any" | readonly string[];
  /** Which images and files are accepted. */
  readonly media: MediaLimits;
  /**
   * `told`: where a sealed summary stood that isn't sent, words say so. For a history with no log behind it; absent: something else takes its
   * place (`runtime/shadow.ts`), or nothing is missing.
   */
  readonly lostSummaries?: "told";
  /** Largest `input` in bytes, as far as the wire tells. What exceeds it is for compaction to take away (`Projection.excess`). */
  readonly maxBytes?: number;
  /** Roles of messages that the wire doesn't know, and what they are sent as. */
  readonly roles: Readonly<Record<string, string>>;
  /** `user-at-both-ends`: a request begins and ends with the user, and is no prefill of the assistant's answer. */
  readonly ends: "any" | "user-at-both-ends";
  /** `previous-response`: the provider keeps the state, and full input is the way back; `none`: full input every time. */
  readonly chain: "none" | "previous-response";
}

/** What exceeds it goes as a placeholder in words, the oldest first, and a quarter of all at once. */
export interface MediaLimits {
  /** Where images and files are accepted. */
  readonly where: "anywhere" | "messages" | "nowhere";
  /** Largest single image or file, in bytes of its JSON (base64 included). */
  readonly maxPartBytes?: number;
  /** How many in a request. */
  readonly maxParts?: number;
  /** All of them together. */
  readonly maxTotalBytes?: number;
}
