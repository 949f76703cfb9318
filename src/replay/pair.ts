import { members } from "../lib/json.ts";
import { outputItem } from "../session/item.ts";

/** What the model is told about a call whose outcome nobody can tell. */
export const outcomeUnknown = "outcome unknown; verify before repeating";

/** The bytes that answer a call without output, with the output's right kind. */
export function unknownOutcome(callKind: string, call: string): Uint8Array {
  return outputItem(callKind, call, outcomeUnknown);
}

/** Where an item's bytes hold the value of a member: a JSON string, or (for outputs) a list of content parts that is not empty. */
export interface ValueRange {
  readonly start: number;
  readonly end: number;
  readonly string: boolean;
}

/** Finds the value of a member in an item's bytes; `undefined` when it is missing or has no shape that can be carried over. */
export function locateValue(item: Uint8Array, key: "call_id" | "output"): ValueRange | undefined {
  const member = members(item).find((candidate) => candidate.key === key);
  if (!member) return undefined;
  const { valueStart: start, end } = member;
  if (item[start] === 0x22) return { start, end, string: true };
  const isList = item[start] === 0x5b && item.subarray(start + 1, end - 1).some((byte) => byte > 0x20);
  return isList && key === "output" ? { start, end, string: false } : undefined;
}

/** A change to an item's bytes: what lies between `from` and `to` is replaced. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

const encoder = new TextEncoder();

/**
 * The edits that turn an output without a call into a message of the user, which every wire accepts: the stored output's own bytes become
 * its text (or its content parts, which have the same shape in both places). Without a range only the words before it are kept.
 */
export function noteEdits(call: string | undefined, length: number, output: ValueRange | undefined): Edit[] {
  const words = `[Output of the tool call ${call ?? ""}, which is not part of this conversation]\n`;
  const text = JSON.stringify(words).slice(0, -1);
  const head = '{"type":"message","role":"user","content":[{"type":"input_text","text":';
  if (!output) return [{ from: 0, to: length, bytes: encoder.encode(`${head}${text}"}]}`) }];
  if (output.string) {
    return [
      { from: 0, to: output.start + 1, bytes: encoder.encode(head + text) },
      { from: output.end, to: length, bytes: encoder.encode("}]}") },
    ];
  }
  return [
    { from: 0, to: output.start + 1, bytes: encoder.encode(`${head}${text}"},`) },
    { from: output.end, to: length, bytes: encoder.encode("}") },
  ];
}

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
