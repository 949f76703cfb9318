import { z } from "zod";

/**
 * Version of the facts that are derived from an item when it is logged (`session/item.ts`). Items logged with a lower version, or none,
 * are looked at again where they may hold something sealed: version 0 didn't know seals in arguments, outputs and messages between
 * agents.
 */
export const factsVersion = 1;

/** How a log's writer writes: the schema of its events (`schemaVersion`), and what it knows of items (`factsVersion`), where it says that. */
export const versions = { schema: z.number(), facts: z.number().optional() };
