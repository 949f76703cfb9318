import { memberNamed } from "../../lib/json.ts";
import type { WholeBody } from "../body/held-body.ts";
import { plainBody } from "../body/plain-body.ts";

/**
 * Whether a request asks for a stream of events, which comes as the model writes; `true` also for what can't be read. An answer that doesn't
 * stream comes only when all of it is there.
 */
export function asksForStream(sent: WholeBody, encoding: string | undefined, maxBytes: number): boolean {
  const body = plainBody(sent.whole(), encoding, maxBytes);
  if (!body) return true;
  try {
    const member = memberNamed(body, "stream");
    return member !== undefined && body.toString("latin1", member.valueStart, member.end) === "true";
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    throw error;
  }
}
