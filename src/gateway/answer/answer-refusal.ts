import type { ServerResponse } from "node:http";
import { type Failure, type FailureSignal, isFailureOf } from "../../failure.ts";
import { printableLine } from "../../lib/printable.ts";
import { answerError, failureHeader } from "./answer.ts";
import type { Refusal } from "./attempt.ts";
import { forwardedResponseHeaders, plainHeaders } from "./headers.ts";
import { wholeLimit } from "./held-answer.ts";
import { plainBody } from "../body/plain-body.ts";
import { starred, starredHeaders } from "./starred.ts";

/** Who was asked in vain, and how often. */
interface Asked {
  readonly upstream: string;
  readonly attempts: number;
  /** The gateway's own key for it. */
  readonly key: string | undefined;
}

/**
 * Answers with the upstream's own answer as it came, but for the gateway's key; where none came that a client can read, with 502, or 504
 * after a silence, and what happened. Returns the status.
 */
export function answerRefusal(
  response: ServerResponse,
  { head, held, signal, ending }: Refusal,
  failure: Failure,
  { upstream, attempts, key }: Asked,
): number {
  if (head && !isGarbage(head.status, signal)) {
    const came = Buffer.concat(held);
    // In compressed bytes, which weren't asked for, the gateway's key isn't seen.
    const { "content-encoding": packed } = plainHeaders(head.headers);
    const plain = key === undefined ? undefined : plainBody(came, packed, wholeLimit);
    const bytes = starred(Buffer.concat([plain ?? came, Buffer.from(ending?.(failure) ?? "")]), key);
    const forwarded = starredHeaders(forwardedResponseHeaders(head.headers), key);
    const { "content-length": _length, ...headers } = forwarded;
    if (plain) delete headers["content-encoding"];
    if (!response.destroyed)
      response.writeHead(head.status, {
        ...headers,
        "content-length": bytes.length,
        [failureHeader]: failure.class,
      });
    response.end(bytes);
    return head.status;
  }
  const isIdle = isFailureOf(failure, "transport-interrupted") && failure.data.reason === "idle";
  const status = isIdle ? 504 : 502;
  const tries = attempts === 1 ? "" : ` after ${attempts} tries`;
  const said = printableLine(starred(Buffer.from(signal.message), key).toString(), 200);
  const message = `The upstream ${upstream} gave no answer that can be passed on${tries}: ${said}`;
  answerError(response, { status, code: failure.class, message });
  return status;
}

/** Whether the answer has a good status and yet nothing that a client would know as a failure. */
function isGarbage(status: number, signal: FailureSignal): boolean {
  return status < 400 && signal.source !== "event";
}
