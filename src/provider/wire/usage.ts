import { isJsonObject } from "../../lib/json.ts";

/** A number of tokens as an endpoint tells it, in a member of `value` when one is named; 0 when it isn't told. */
export function tokenCount(value: unknown, member?: string): number {
  const told = member === undefined ? value : isJsonObject(value) ? value[member] : undefined;
  return typeof told === "number" && Number.isFinite(told) ? told : 0;
}
