/**
 * What a backend accepts back and what it must never be sent (R32), as data. One file a backend under `contracts/`, each rule with its
 * source in the docstring.
 */
export interface ReplayContract {
  readonly name: string;
  /**
   * What becomes of sealed reasoning: sent back whoever sealed it, sent back only to the issuer that sealed it, sent only for the last
   * `window` turns, or never.
   */
  readonly sealed: "replay" | "replay-same-issuer" | { readonly window: number } | "drop";
  /** Item ids stay, or only `call_id` does. */
  readonly itemIds: "keep" | "detach";
  /** Longest call id in characters. */
  readonly callIdLimit: number;
}
