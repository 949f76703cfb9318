import { z } from "zod";

/**
 * Version of the facts that are derived from an item when it is logged (`session/item.ts`). Items logged with a lower version, or none,
 * are looked at again where they may hold something sealed: version 0 didn't know seals in arguments, outputs and messages between
 * agents.
 */
export const factsVersion = 1;

/** How a log's writer writes: the schema of its events (`schemaVersion`), and what it knows of items (`factsVersion`), where it says that. */
export const versions = { schema: z.number(), facts: z.number().optional() };

export const itemFacts = z.object({
  /** The Responses item type: message, reasoning, function_call, … */
  kind: z.string(),
  role: z.string().optional(),
  /** `call_id` of a call or of its output. */
  call: z.string().optional(),
  /** The provider's item id. */
  id: z.string().optional(),
  /** Tool name of a call. */
  name: z.string().optional(),
  /** Byte range of the top-level `id` member with its comma, so that a projection detaches the id without parsing. */
  cut: z.tuple([z.number(), z.number()]).optional(),
  /** A message without any text. */
  empty: z.literal(true).optional(),
  /** Reasoning, or a message between agents, that carries words (`content`), beside a seal or without one. */
  text: z.literal(true).optional(),
  /** A call with a `thought_signature` (Gemini). */
  signed: z.literal(true).optional(),
  /** Images, files and sounds of a message or an output: how many, and the bytes of the largest and of all of them as JSON. */
  media: z.object({ count: z.number(), largest: z.number(), total: z.number() }).optional(),
  /** Sealed content: when it was sealed (seconds since 1970, read from the Fernet token), its last characters, and its shape. */
  sealed: z
    .object({
      at: z.number().optional(),
      tail: z.string(),
      shape: z.enum(["fernet", "opaque", "malformed"]),
      /** A Fernet token whose length no real one can have: if one blob among several was refused, it is likely this one. */
      odd: z.literal(true).optional(),
    })
    .optional(),
});
/** What is known of an item without parsing it. `session/item.ts` derives it from the bytes. */
export type ItemFacts = z.infer<typeof itemFacts>;
