import { z } from "zod";

/**
 * Of what is derived of an item when it is logged (`session/item.ts`). What was logged by a version that says less, or nothing, is looked at
 * again where it may hold something sealed: up to 0, seals in arguments, outputs and messages between agents were not known.
 */
export const factsVersion = 1;

/** How a log's writer writes: the schema of its events (`schemaVersion`), and what it knows of items (`factsVersion`), where it says that. */
export const versions = { schema: z.number(), facts: z.number().optional() };
