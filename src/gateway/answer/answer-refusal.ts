import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { type Failure, type FailureSignal, isFailureOf } from "../../failure.ts";
import { plainHeaders } from "../../failure/signal.ts";
import { printableLine } from "../../lib/printable.ts";
import { answerError, failureHeader } from "./answer.ts";
import type { Refusal } from "./attempt-host.ts";
import { forwardedResponseHeaders } from "./headers.ts";
import { wholeLimit } from "./held-answer.ts";
import { plainBody } from "../body/plain-body.ts";
import { isText, starred, starredHeaders } from "./starred.ts";

/** Who was asked in vain, and how often. */
interface Asked {
  readonly upstream: string;
  readonly attempts: number;
  /** The gateway's own key for it, which no client is to see. */
  readonly secret: string | undefined;
}

/**
 * Passes on the upstream's own answer, without the gateway's key. Where none came that a client can read, answers with what happened, under
 * the status 502, or 504 after a silence. Returns the status.
 */
export function answerRefusal(
  response: ServerResponse,
  { head, held, signal, ending }: Refusal,
  failure: Failure,
  { upstream, attempts, secret }: Asked,
): number {
  if (head && !isGarbage(head.status, signal)) {
    const came = Buffer.concat(held);
    const plain = secret === undefined ? undefined : readable(came, head.headers);
    if (secret !== undefined && !plain)
      return answerUnseen(response, head, { upstream, secret, code: failure.class });
    const bytes = starred(Buffer.concat([plain ?? came, Buffer.from(ending?.(failure) ?? "")]), secret);
    const forwarded = starredHeaders(forwardedResponseHeaders(head.headers), secret);
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
  const said = printableLine(starred(Buffer.from(signal.message), secret).toString(), 200);
  const message = `The upstream ${upstream} gave no answer that can be passed on${tries}: ${said}`;
  answerError(response, { status, code: failure.class, message });
  return status;
}

/**
 * A refusal's bytes as a text, in which the gateway's own key would be seen: compressed ones weren't asked for. `undefined` for what can't
 * be read. (Some servers name an encoding that they don't use.)
 */
function readable(came: Buffer, answered: IncomingHttpHeaders): Buffer | undefined {
  const { "content-encoding": packed } = plainHeaders(answered);
  const plain = plainBody(came, packed, wholeLimit) ?? (isUtf8(came) ? came : undefined);
  return plain && isText(plain) ? plain : undefined;
}

/**
 * Answers with the status and the headers of a refusal whose bytes can't be read, and words of the gateway's own in their place: its key
 * may stand in them. `code`: the failure's class, where it is known. Returns the status.
 */
export function answerUnseen(
  response: ServerResponse,
  { status, headers: answered }: { readonly status: number; readonly headers: IncomingHttpHeaders },
  { upstream, secret, code = "answer_unreadable" }: { upstream: string; secret: string; code?: string },
): number {
  const headers = starredHeaders(forwardedResponseHeaders(answered), secret);
  for (const name of ["content-encoding", "content-length", "content-type"]) delete headers[name];
  const message = `The upstream ${upstream} answered with the status ${status}, and with bytes that can't be read; they are not passed on, since the gateway's own key may stand in them.`;
  answerError(response, { status, code, message, headers });
  return status;
}

/** Whether the answer has a good status and yet nothing that a client would know as a failure. */
function isGarbage(status: number, signal: FailureSignal): boolean {
  return status < 400 && signal.source !== "event";
}
