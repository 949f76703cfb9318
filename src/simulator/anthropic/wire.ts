import { errorOf } from "../refusal.ts";
import { namedFrame, newId, type SimulatedWire, type SpokenFault, type StreamEvent } from "../wire.ts";
import { promptTooLong, translated } from "./refusal.ts";
import { type MessagesRequest, parseMessages } from "./request.ts";
import { eventOf, messageEvents, wholeMessage } from "./stream.ts";
import { validateMessages } from "./validate.ts";

/** Anthropic's Messages API (anthropic-version 2023-06-01), as of 2026-11. */
export const anthropic: SimulatedWire<MessagesRequest> = {
  routes: ["POST /messages"],
  models: ["claude-opus-4-7", "claude-sonnet-4-5", "claude-haiku-4-5"],
  headers: (now) => ({
    "request-id": newId("req"),
    "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
    "anthropic-ratelimit-requests-limit": "4000",
    "anthropic-ratelimit-requests-remaining": "3999",
    "anthropic-ratelimit-requests-reset": `${new Date(now).toISOString().slice(0, 19)}Z`,
  }),
  credential: (headers) => {
    const key = headers["x-api-key"] ?? headers.authorization?.replace(/^Bearer /i, "");
    return key === undefined ? undefined : String(key);
  },
  // Signatures are bound to no account.
  sealOwner: () => "anthropic",
  parse: (text) => parseMessages(text),
  validate: validateMessages,
  overflow: promptTooLong,
  events: messageEvents,
  whole: (_request, events) => wholeMessage(events),
  refusal: translated,
  refusedStream: (refusal, started) => [
    ...(refusal.as === "failed" ? started.slice(0, 1) : []),
    eventOf("error", { error: errorOf(refusal) }),
  ],
  ending: (fault) =>
    fault.kind === "incomplete"
      ? [
          eventOf("message_delta", {
            delta: { stop_reason: stopReason(fault), stop_sequence: null },
            usage: { output_tokens: 7 },
          }),
          eventOf("message_stop", {}),
        ]
      : [errorEvent(fault)],
  wholeEnding: (fault, whole) =>
    fault.kind === "incomplete" ? { ...whole, stop_reason: stopReason(fault) } : errorEvent(fault).data,
  frame: namedFrame,
};

function stopReason({ reason }: Extract<SpokenFault, { kind: "incomplete" }>): string {
  return reason === "content_filter" ? "refusal" : "max_tokens";
}

function errorEvent(fault: Extract<SpokenFault, { kind: "failed" | "error-event" }>): StreamEvent {
  const named = fault.code ?? (fault.kind === "error-event" ? fault.type : "server_error");
  const types: Readonly<Record<string, string>> = {
    server_error: "api_error",
    server_is_overloaded: "overloaded_error",
    slow_down: "overloaded_error",
    rate_limit_exceeded: "rate_limit_error",
  };
  return eventOf("error", { error: { type: types[named] ?? named, message: fault.message } });
}
