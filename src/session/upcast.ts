import type { JsonObject } from "../lib/json.ts";
import { schemaVersion } from "./event.ts";

/** Turns an event of one schema version into the next one's. It may change the object that it is given. */
export type Upcast = (event: JsonObject) => JsonObject;

/**
 * What each older schema needs to become the one after it: `upcasts[1]` leads from 1 to 2, and so on. Applied once, at read (R20); the
 * log itself keeps what was written. Empty while there is one version.
 */
const upcasts: Readonly<Record<number, Upcast>> = {};

/** The event in the current schema. Types and members that no version knows pass through as they are. */
export function upcast(
  event: JsonObject,
  schema: number,
  table: Readonly<Record<number, Upcast>> = upcasts,
): JsonObject {
  let current = event;
  for (let version = schema; version < schemaVersion; version++) {
    const step = table[version];
    if (step) current = step(current);
  }
  return current;
}

/** The schema that an event declares for what follows it (or, for a checkpoint, for what it was made from); most declare none. */
export function declaredSchema(event: JsonObject): number | undefined {
  const type = event["type"];
  if (type === "session-created" || type === "lease-taken") return numberOf(event["schema"]);
  if (type === "turn-ended") return numberOf((event["checkpoint"] as JsonObject | undefined)?.["schema"]);
  return undefined;
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
