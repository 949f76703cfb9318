import type { JsonObject } from "../../lib/json.ts";
import { errorOf, invalidRequest } from "../refusal.ts";
import { accountOf } from "../seal.ts";
import { namedFrame, newId, type SimulatedWire, type SpokenFault, type StreamEvent } from "../wire.ts";
import { type ChatRequest, parseChatRequest } from "./request.ts";
import { chatEvents, done, wholeAnswer } from "./stream.ts";
import { validateMessages } from "./validate.ts";

/** OpenAI's Chat Completions, as of 2026-11, with what DeepSeek and Kimi add to it when the scenario asks for that (`[chat]`). */
export const chat: SimulatedWire<ChatRequest> = {
  routes: ["POST /chat/completions"],
  models: ["gpt-5.5", "deepseek-v4-pro", "simulator"],
  headers: () => ({
    "x-request-id": newId("req"),
    "openai-processing-ms": "12",
    "openai-version": "2020-10-01",
  }),
  credential: (headers) => headers.authorization?.replace(/^Bearer /i, ""),
  sealOwner: accountOf,
  parse: parseChatRequest,
  validate: ({ messages }, { chat: rules }) => validateMessages(messages, rules.reasoning === "required"),
  overflow: (tokens, limit) =>
    invalidRequest(
      `This model's maximum context length is ${limit} tokens. However, your messages resulted in ${tokens} tokens. Please reduce the length of the messages.`,
      { param: "messages", code: "context_length_exceeded" },
    ),
  events: chatEvents,
  whole: (_request, events) => wholeAnswer(events),
  refusal: (refusal) => refusal,
  refusedStream: (refusal) => [
    errorChunk({ ...errorOf(refusal), code: errorOf(refusal)["code"] ?? refusal.status }),
  ],
  ending: (fault, events) => {
    switch (fault.kind) {
      case "incomplete":
        return [reasonChunk(events[0]?.data ?? {}, reasonOf(fault)), done];
      case "failed":
        return [errorChunk({ message: fault.message, type: "server_error", param: null, code: fault.code })];
      case "error-event": {
        const { message, type, code = null, shape, status } = fault;
        const error = { message, type, param: null, code: code ?? status ?? null };
        return [shape === "nested" ? errorChunk(error) : { type: "error", data: error, points: [] }];
      }
    }
  },
  wholeEnding: (fault, whole) => {
    if (fault.kind !== "incomplete")
      return {
        error: { message: fault.message, type: "server_error", param: null, code: fault.code ?? null },
      };
    const choices = (whole["choices"] as JsonObject[]).map((choice) => ({
      ...choice,
      finish_reason: reasonOf(fault),
    }));
    return { ...whole, choices };
  },
  frame: (event) => {
    if (event.type === done.type) return "data: [DONE]\n\n";
    return event.type === "error" ? namedFrame(event) : `data: ${JSON.stringify(event.data)}\n\n`;
  },
};

function errorChunk(error: JsonObject): StreamEvent {
  return { type: "chunk", data: { error }, points: [] };
}

function reasonChunk(chunk: JsonObject, reason: string): StreamEvent {
  const choices = [{ index: 0, delta: {}, logprobs: null, finish_reason: reason }];
  return { type: "chunk", data: { ...chunk, choices }, points: [] };
}

function reasonOf({ reason }: Extract<SpokenFault, { kind: "incomplete" }>): string {
  return reason === "max_output_tokens" ? "length" : reason;
}
