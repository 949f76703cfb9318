import { z } from "zod";

/**
 * What a quarantine does to requests to `refusedBy`: which items it leaves out, and what it changes. `through` is the last sequence
 * number that it covers. A kind that a reader doesn't know has no effect.
 */
export const quarantineScope = z.discriminatedUnion("kind", [
  /** These items are left out. */
  z.object({ kind: z.literal("items"), seqs: z.array(z.number()) }),
  /** What the issuer sealed is left out. */
  z.object({ kind: z.literal("issuer"), issuer: z.string(), through: z.number() }),
  /** Everything sealed is left out, and no more is asked for. */
  z.object({ kind: z.literal("sealed"), through: z.number() }),
  /** Items go without their ids. */
  z.object({ kind: z.literal("item-ids"), through: z.number() }),
  /** Call ids that are longer than `limit`, have other characters than letters, digits, `_` and `-`, or are there twice are hashed. */
  z.object({ kind: z.literal("call-ids"), limit: z.number() }),
  /** These items of reasoning go without their words. */
  z.object({ kind: z.literal("content"), seqs: z.array(z.number()) }),
  /** These items go as a note in words. */
  z.object({ kind: z.literal("notes"), seqs: z.array(z.number()) }),
  /** Items of the type go as a note in words. */
  z.object({ kind: z.literal("item-type"), itemType: z.string() }),
  /** These items are sent as the log has them, whatever was said of them before. */
  z.object({ kind: z.literal("restored"), seqs: z.array(z.number()) }),
  /** Images and files go as placeholders; with `seqs` only those of these items. */
  z.object({ kind: z.literal("media"), through: z.number(), seqs: z.array(z.number()).optional() }),
  /** Reasoning in plain words is sent, whatever the contract says. */
  z.object({ kind: z.literal("reasoning-text") }),
  /** Thought signatures are sent, whatever the contract says. */
  z.object({ kind: z.literal("thought-signatures") }),
  /** Messages stay; calls and outputs become words, and everything else is left out. */
  z.object({ kind: z.literal("transcript"), through: z.number() }),
  /** The request goes without a parameter: only requests to this model, or of this turn, where those are given. */
  z.object({
    kind: z.literal("parameter"),
    parameter: z.string(),
    model: z.string().optional(),
    turn: z.number().optional(),
  }),
  /** Earlier responses that the provider keeps are not built on: those that ended up to `through`, or any of them. */
  z.object({ kind: z.literal("chain"), through: z.number().optional() }),
  /** Tool outputs go with about `keepBytes` bytes of their text, its head and its tail: to the model whose window was full, where it is given. */
  z.object({
    kind: z.literal("outputs"),
    through: z.number(),
    keepBytes: z.number(),
    model: z.string().optional(),
  }),
]);
/** Which items a quarantine is about, and what it does to them. */
export type QuarantineScope = z.infer<typeof quarantineScope>;
