import { type Failure, isFailureOf } from "../../failure.ts";
import { reread, withIndex } from "../../failure/named.ts";
import type { ChatBody } from "./body.ts";

/**
 * A refusal in terms of the request's input: the wire names places in `messages` ("messages.[3].content.[1].image_url", "messages[3]…") and
 * call ids as they were sent; whoever repairs the request knows input items and the calls' own ids.
 */
export function placedFailure(failure: Failure, { conversion }: ChatBody): Failure {
  if (isFailureOf(failure, "media-invalid")) {
    const { signal } = failure;
    const named = /\bmessages\.?\[(\d+)\]/u;
    const [, message] = named.exec(signal?.param ?? "") ?? named.exec(signal?.message ?? "") ?? [];
    const index = message === undefined ? undefined : conversion.origins[Number(message)];
    return index === undefined ? failure : withIndex(failure, index);
  }
  if (isFailureOf(failure, "call-without-output", "output-without-call")) {
    const call = failure.data.call === undefined ? undefined : conversion.calls.get(failure.data.call);
    return call === undefined ? failure : reread(failure, failure.class, { call });
  }
  return failure;
}
