import type { Quarantine } from "../../session/event.ts";

/**
 * What was refused before, and by whom; when, it tells by a clock of its own. A blob is known by its hash, and who refused it by the issuer
 * (`provider.ts`): the base URL and a hash of the account, so that what one account was refused is still sent for another.
 */
export interface HealMemory {
  /** Whether anything at all is known of the issuer: if not, a request to it isn't looked into before it is sent. */
  knows(issuer: string): boolean;
  /** Whether that is more than refused blobs, which can be looked for without taking a request apart. */
  knowsMore(issuer: string): boolean;
  /** `refused`: not to be sent there. `due`: refused so long ago that its issuer may be back; to be tried once more. */
  seal(issuer: string, blob: string): "refused" | "due" | undefined;
  /** The blobs were refused, as a good answer without them has shown. `refusal` is the class and code, in words. */
  refuse(issuer: string, blobs: readonly string[], refusal: string): void;
  /** The blobs were accepted: what was known against them doesn't hold any more. */
  lift(issuer: string, blobs: readonly string[]): void;
  /** How many of the issuer's blobs were accepted again since it last refused one. */
  lifted(issuer: string): number;
  /** Parameters that the issuer refused for this model. */
  parameters(issuer: string, model: string): readonly string[];
  refuseParameter(issuer: string, model: string, parameter: string, refusal: string): void;
  /** How requests of a conversation had to be changed; `undefined` when nothing is known. */
  conversation(issuer: string, conversation: string): ConversationMark | undefined;
  /** Remembers how requests of a conversation had to be changed, in place of what was known of it. */
  mark(issuer: string, conversation: string, mark: ConversationMark, refusal: string): void;
  /** Whether any conversation with the issuer is suspected of holding what it refuses without saying so. */
  hasSuspects(issuer: string): boolean;
  /** Whether this one is. */
  isSuspect(issuer: string, conversation: string): boolean;
  /** Begins or ends the suspicion of a conversation. */
  suspect(issuer: string, conversation: string, isSuspect: boolean): void;
  /** The issuer whose answer held the blob, where that was seen. */
  sealedBy(blob: string): string | undefined;
  /** An answer of the issuer's held these blobs. */
  noteSealed(issuer: string, blobs: readonly string[]): void;
}

/** Repairs that hold for a conversation as long as the items that they are about, and the one that stood last, are where they stood. */
export interface ConversationMark {
  readonly quarantines: readonly Quarantine[];
  /** Whether reasoning was sent by its id alone. */
  readonly byId: boolean;
  /** Index into `input` of the item that stood last. */
  readonly index: number;
  /** Hash of that item and of those that the repairs are about, together. */
  readonly hash: string;
}
