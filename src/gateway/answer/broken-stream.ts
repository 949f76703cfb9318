import { type Failure, isFailureOf } from "../../failure.ts";
import { isJsonObject, parseJson, stringOf } from "../../lib/json.ts";
import { isCallKind } from "../../session/item.ts";
import { dataOf, eventsIn } from "../body/stream-scan.ts";
import { failedEvent } from "./answer.ts";

/** A stream whose first event has come. */
export interface BegunStream {
  /** The id that it gave its response. */
  readonly response: string | undefined;
  /** Whether it goes on without anybody who listens, and can be taken up again (`GET /responses/{id}?stream=true&starting_after=…`). */
  readonly isBackground: boolean;
  /** Whether a whole call of a tool of the client's has come, which it may have begun to run. */
  readonly hasCall: boolean;
}

/** Whether whole events hold a call of a tool of the client's that has come to its end. */
export function holdsCall(events: Buffer): boolean {
  for (const { name, bytes } of eventsIn(events)) {
    if (name !== "response.output_item.done") continue;
    const data = parseJson(dataOf(bytes));
    const item = isJsonObject(data) ? data["item"] : undefined;
    if (isJsonObject(item) && isCallKind(stringOf(item["type"]))) return true;
  }
  return false;
}

const backgroundWithin = 1_024;

/** What the first event says of the stream; nothing of its bytes is kept. */
export function begunWith(first: Buffer): BegunStream {
  const head = first.subarray(0, backgroundWithin);
  const isBackground = head.includes('"background":true') || head.includes('"background": true');
  return { response: idWithin(first, 256) ?? idWithin(first, 4_096), isBackground, hasCall: false };
}

function idWithin(event: Buffer, length: number): string | undefined {
  return /"id"\s*:\s*"(resp_[\w-]+)"/u.exec(event.toString("latin1", 0, length))?.[1];
}

/** How a stream broke, in a word. */
export function breakReason(failure: Failure): string {
  return isFailureOf(failure, "transport-interrupted") ? failure.data.reason : failure.class;
}

/** Failures after which asking again is likely to do: a client that isn't told of one asks again, too. */
const isPassing = (failure: Failure): boolean =>
  isFailureOf(failure, "transport-interrupted", "overloaded", "rate-limit");

/**
 * The event that ends a stream which was cut after output had gone out; `events`: how many went out. `undefined` when only the cut itself
 * can end it: without `stream` (a piece of a large event went out last, so that none can follow), and where the response goes on in the
 * background. Empty behind a whole call, also where the provider told an outage there: the stream just ends. Codex asks again with the
 * call's output either way; clients built on the AI SDK have begun the call, and begin it once more when they are told of a failure, but go
 * on with its output when they aren't (0.169, opencode 1.18.33; 2026-11). `response.incomplete` would do for them, and ends Codex's turn.
 */
export function brokenEnding(
  failure: Failure,
  events: number,
  stream: BegunStream | undefined,
): string | undefined {
  if (stream === undefined) return undefined;
  const { signal } = failure;
  if (stream.hasCall && !stream.isBackground && isPassing(failure)) return "";
  // The provider told an error, in an event that clients pass over: it is told in its own words, which they act on. (Codex gives a turn up
  // for `server_is_overloaded`, and asks again for a `server_error`; 0.169.)
  if (signal?.source === "event") {
    const code = isFailureOf(failure, "overloaded") ? undefined : signal.code;
    return failedEvent(events, stream.response, { code: code ?? "server_error", message: signal.message });
  }
  if (stream.isBackground) return undefined;
  const ended =
    signal?.code === "ENDED"
      ? "The gateway was ended"
      : `The upstream's stream ended (${breakReason(failure)})`;
  const why = `${ended} after output had begun; what was sent counts, and nothing was asked again`;
  const message = `${why} (${failure.class}, throughline gateway)`;
  return failedEvent(events, stream.response, { code: "server_error", message });
}
