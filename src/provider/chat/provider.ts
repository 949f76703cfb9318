import type { Provider } from "../../provider.ts";
import { wireProvider, type WireOptions } from "../wire/provider.ts";
import { type ChatBody, requestBody } from "./body.ts";
import { type ChatDialect, dialectOf } from "./dialect.ts";
import { placedFailure } from "./places.ts";
import { ChatReader } from "./reader.ts";

/** Where the endpoint is, whose key it gets, and how it differs from what its URL tells. */
export interface ChatOptions extends WireOptions {
  /** What differs from what the base URL tells, for a gateway in front of another endpoint. */
  dialect?: Partial<ChatDialect>;
}

/**
 * OpenAI's Chat Completions over server-sent events, as OpenAI, DeepSeek, OpenRouter, Groq, Mistral, llama.cpp, LM Studio, vLLM and others
 * speak it (2025-08 to 2026-11). History and answers are converted between its messages and the log's Responses items. One HTTP request for
 * each `stream`.
 */
export function chatProvider(options: ChatOptions): Provider {
  const dialect = { ...dialectOf(options.baseUrl, options.contract), ...options.dialect };
  return wireProvider<ChatBody>(options, {
    path: "/chat/completions",
    lastEvent: "finish_reason and [DONE]",
    sendsSealed: false,
    takesSealed: () => false,
    body: (request) => requestBody(request, dialect),
    reader: (request, body) => new ChatReader(request.tools, body.callIds),
    placed: placedFailure,
  });
}
