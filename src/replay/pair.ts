import { outputItem } from "../session/item.ts";

/** What the model is told about a call whose outcome nobody can tell. */
export const outcomeUnknown = "outcome unknown; verify before repeating";

/** The bytes that answer a call without output, with the output's right kind. */
export function unknownOutcome(callKind: string, call: string): Uint8Array {
  return outputItem(callKind, call, outcomeUnknown);
}

const encoder = new TextEncoder();

/**
 * A call id that is at most `limit` characters long and stands for the long one: its beginning and a hash of the whole (FNV-1a, 64 bits),
 * so that a call and its output, which are shortened apart from each other, still pair up.
 */
export function shortCallId(call: string, limit: number): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of encoder.encode(call)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  const digits = hash.toString(16).padStart(16, "0");
  const room = Math.max(0, limit - digits.length - 1);
  return `${call.slice(0, room).replaceAll(/[^A-Za-z0-9_-]/gu, "_")}_${digits}`.slice(-limit);
}
