import type { IncomingHttpHeaders } from "node:http";
import type { JsonObject } from "../../lib/json.ts";
import { isMessage } from "../model.ts";
import { contextOverflow } from "../refusing-fault.ts";
import { errorOf } from "../refusal.ts";
import { accountOf } from "../seal.ts";
import { namedFrame, newId, type SimulatedWire, type SpokenFault, type StreamEvent } from "../wire.ts";
import { parseRequest, type ResponsesRequest } from "./request.ts";
import { responseEvents } from "./stream.ts";
import { validateInput } from "./validate.ts";

/** OpenAI's Responses API, as of 2026-11. */
export const responses: SimulatedWire<ResponsesRequest> = {
  routes: ["POST /responses", "POST /responses/compact"],
  models: ["gpt-6-sol", "gpt-5.5", "gpt-5.2-codex", "simulator"],
  headers: () => ({
    "x-request-id": newId("req"),
    "openai-processing-ms": "12",
    "openai-version": "2020-10-01",
  }),
  credential: credentialOf,
  sealOwner: accountOf,
  parse: (text, path) => parseRequest(text, path.endsWith("/compact")),
  continued: (request, conversation) => {
    const previous = request.body["previous_response_id"];
    if (typeof previous !== "string") return request;
    const before = conversation(previous);
    if (!before) return { ...request, missing: previous };
    return { ...request, input: [...before, ...request.input], ownFrom: before.length };
  },
  kept: (request, events) => (request.store && !request.compact ? responseOf(events.at(-1)) : undefined),
  validate: validateInput,
  overflow: contextOverflow,
  events: responseEvents,
  whole: (request, events) => (request.compact ? compaction(request, events) : responseOf(events.at(-1))),
  refusal: (refusal) => refusal,
  refusedStream: (refusal, started) => {
    const error = errorOf(refusal);
    if (refusal.as === "event") {
      // Headers of a limit travel inside the event when there is no status line to carry them (seen 2026-11).
      const told = refusal.headers ? { status_code: refusal.status, headers: refusal.headers } : {};
      return [event("error", { sequence_number: 0, error, status: refusal.status, ...told })];
    }
    const failed = { code: error["code"] ?? error["type"], message: error["message"] };
    return [...started, failedEvent(responseOf(started.at(-1)), started.length, failed)];
  },
  ending: (fault, events, sent) => [endingOf(fault, events, sent)],
  wholeEnding: (fault, whole) =>
    fault.kind === "incomplete"
      ? { ...whole, status: "incomplete", incomplete_details: { reason: fault.reason } }
      : {
          ...whole,
          status: "failed",
          output: [],
          error: { code: fault.code ?? null, message: fault.message },
        },
  frame: namedFrame,
};

function endingOf(fault: SpokenFault, events: readonly StreamEvent[], sent: number): StreamEvent {
  const output = events
    .slice(0, sent)
    .flatMap(({ type, data }) => (type === "response.output_item.done" ? [data["item"]] : []));
  const response = { ...responseOf(events[0]), output };
  switch (fault.kind) {
    case "failed":
      return failedEvent(response, sent, { code: fault.code, message: fault.message });
    case "incomplete":
      return event("response.incomplete", {
        sequence_number: sent,
        response: { ...response, status: "incomplete", incomplete_details: { reason: fault.reason } },
      });
    case "error-event": {
      const { message, code = null, type, shape, status } = fault;
      const error =
        shape === "nested" ? { error: { type, code, message, param: null } } : { code, message, param: null };
      return event("error", { sequence_number: sent, ...error, ...(status !== undefined && { status }) });
    }
  }
}

function event(type: string, data: JsonObject): StreamEvent {
  return { type, data: { type, ...data }, points: [] };
}

function failedEvent(response: JsonObject, sequence: number, error: JsonObject): StreamEvent {
  return event("response.failed", {
    sequence_number: sequence,
    response: { ...response, status: "failed", error },
  });
}

function responseOf(streamed: StreamEvent | undefined): JsonObject {
  return streamed?.data["response"] as JsonObject;
}

/** What `/responses/compact` answers: what people said, and all else in one sealed item (Codex 0.73 to 0.130). */
function compaction(request: ResponsesRequest, events: readonly StreamEvent[]): JsonObject {
  const { id, created_at, output, usage } = responseOf(events.at(-1));
  const said = request.input.filter((item) => isMessage(item) && item["role"] === "user");
  return {
    id,
    object: "response.compaction",
    created_at,
    output: [...said, ...(output as JsonObject[])],
    usage,
  };
}

/** The API key, and the account beside it when the client names one. */
function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  const key = headers.authorization?.replace(/^Bearer /i, "") ?? headers["api-key"];
  if (key === undefined) return undefined;
  const account = headers["chatgpt-account-id"];
  return account === undefined ? String(key) : `${String(key)} ${String(account)}`;
}
