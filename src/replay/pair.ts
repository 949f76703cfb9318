import { outputItem } from "../session/item.ts";

/** What the model is told about a call whose outcome nobody can tell. */
export const outcomeUnknown = "outcome unknown; verify before repeating";

/** The bytes that answer a call without output, with the output's right kind. */
export function unknownOutcome(callKind: string, call: string): Uint8Array {
  return outputItem(callKind, call, outcomeUnknown);
}
