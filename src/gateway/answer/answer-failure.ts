import type { IncomingHttpHeaders } from "node:http";
import {
  bodyLimit,
  plainHeaders,
  signalFromEvent,
  signalFromHttp,
  signalFromTransport,
} from "../../failure/signal.ts";
import type { FailureSignal } from "../../failure.ts";
import { isJsonObject, parseJson } from "../../lib/json.ts";
import { dataOf, eventsIn } from "../body/stream-scan.ts";
import { failureEvents } from "./event-kinds.ts";

/** Whole events as far as the first one that tells a failure, and that one; `undefined` where none does. */
export function splitAtFailure(events: Buffer): { before: Buffer; failing: Buffer } | undefined {
  let length = 0;
  for (const { name, bytes } of eventsIn(events)) {
    if (failureEvents.has(name)) return { before: events.subarray(0, length), failing: bytes };
    length += bytes.length;
  }
  return undefined;
}

/** What the first failing event in `held` says; the answer's own headers go with it. */
export function failureIn(held: readonly Buffer[], headers: IncomingHttpHeaders): FailureSignal {
  for (const { name, bytes } of eventsIn(Buffer.concat(held))) {
    if (!failureEvents.has(name)) continue;
    const data = dataOf(bytes);
    const signal = signalFromEvent(name, parseJson(data), data);
    return { ...signal, headers: { ...plainHeaders(headers), ...signal.headers } };
  }
  return signalFromTransport("INCOMPLETE", "a failing event that could not be read");
}

/**
 * The failure that an answer told with a good status: a failed response, an error, or no JSON at all; `undefined` when it is a good
 * answer.
 */
export function failureInWhole(body: Buffer, headers: Record<string, string>): FailureSignal | undefined {
  const text = body.toString("utf8");
  // Read whatever the content type is: some servers name none, or that of a text.
  const value = parseJson(text);
  if (!isJsonObject(value)) {
    if (/\bjson\b/iu.test(headers["content-type"] ?? ""))
      return signalFromTransport("INCOMPLETE", "the answer is not whole JSON");
    return body.length === 0
      ? signalFromTransport("INCOMPLETE", "an empty answer")
      : signalFromHttp(200, headers, text);
  }
  const { code, output, msg, message } = value;
  // Relays that answer 200 to everything and tell in the body how it went.
  const isTold = typeof code === "number" && code >= 400 && output === undefined;
  if (isTold && typeof (msg ?? message) === "string")
    return signalFromHttp(code < 600 ? code : 500, headers, text);
  // new-api's own shape, which has no `error`.
  if (value["success"] === false && typeof message === "string" && output === undefined)
    return signalFromEvent("response.failed", { error: { message } }, text);
  const isFailed = value["status"] === "failed" || (value["error"] && value["object"] !== "response");
  return isFailed ? signalFromEvent("response.failed", value, text) : undefined;
}

/** What came under the name of a stream and is none: an error as JSON, or a page; `undefined` for anything else. */
export function errorInstead(held: readonly Buffer[]): FailureSignal | undefined {
  const text = Buffer.concat(held).toString("utf8", 0, bodyLimit);
  const value = parseJson(text);
  if (isJsonObject(value)) return signalFromEvent("error", value, text);
  return /^\s*</u.test(text) ? signalFromHttp(200, {}, text) : undefined;
}
