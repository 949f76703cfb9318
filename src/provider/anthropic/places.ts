import { Failure, isFailureOf } from "../../failure.ts";
import type { Messages } from "./messages.ts";

/**
 * A refusal in terms of the request's input. The API names places in `messages` ("messages.3.content.1: …") and ids as they were sent;
 * whoever repairs the request knows input items and the calls' own ids. A place that belongs to no item is left out.
 */
export function placedFailure(failure: Failure, sent: Messages): Failure {
  const { signal } = failure;
  const placed = (data: object): Failure =>
    new Failure(failure.class, failure.message, data, { ...(signal && { signal }) });
  if (isFailureOf(failure, "thinking-signature-rejected", "media-invalid")) {
    const [, message, block] = /\bmessages\.(\d+)(?:\.content\.(\d+))?/u.exec(signal?.message ?? "") ?? [];
    if (message === undefined) return failure;
    const found = sent.messages[Number(message)]?.content[Number(block ?? 0)];
    const index = found && sent.origins.get(found);
    const { index: _place, ...rest } = failure.data;
    return placed(index === undefined ? rest : { ...rest, index });
  }
  if (isFailureOf(failure, "call-without-output", "output-without-call")) {
    const call = failure.data.call === undefined ? undefined : sent.calls.get(failure.data.call);
    return call === undefined ? failure : placed({ call });
  }
  return failure;
}
