import { type Failure, isFailureOf } from "../../failure.ts";
import { reread, withIndex } from "../../failure/named.ts";
import type { Messages } from "./messages.ts";

/**
 * A refusal in terms of the request's input. The API names places in `messages` ("messages.3.content.1: …") and ids as they were sent;
 * whoever repairs the request knows input items and the calls' own ids. A place that belongs to no item is left out.
 */
export function placedFailure(failure: Failure, sent: Messages): Failure {
  if (isFailureOf(failure, "thinking-signature-rejected", "media-invalid")) {
    const [, message, block] =
      /\bmessages\.(\d+)(?:\.content\.(\d+))?/u.exec(failure.signal?.message ?? "") ?? [];
    if (message === undefined) return failure;
    const found = sent.messages[Number(message)]?.content[Number(block ?? 0)];
    return withIndex(failure, found && sent.origins.get(found));
  }
  if (isFailureOf(failure, "call-without-output", "output-without-call")) {
    const call = failure.data.call === undefined ? undefined : sent.calls.get(failure.data.call);
    return call === undefined ? failure : reread(failure, failure.class, { call });
  }
  return failure;
}
