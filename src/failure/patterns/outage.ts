import type { Pattern } from "../pattern.ts";
import { retryAfter } from "../times.ts";
import { anthropic, failed } from "./bodies.ts";

/** Overload and broken streams, as far as a backend says so itself; the rest is told from the status. Last: gateways put it around anything. */
export const outage: readonly Pattern[] = [
  {
    class: "output-limit",
    rows: [],
    codes: ["max_output_tokens", "max_tokens"],
    data: (signal) => (signal.code === undefined ? {} : { reason: signal.code }),
    samples: [
      {
        source: "Responses, response.incomplete",
        event: "response.incomplete",
        body: {
          type: "response.incomplete",
          response: {
            id: "resp_1",
            status: "incomplete",
            error: null,
            incomplete_details: { reason: "max_output_tokens" },
          },
        },
        data: { reason: "max_output_tokens" },
      },
      {
        source: "Anthropic, stop_reason",
        event: "message_delta",
        body: {
          type: "message_delta",
          delta: { stop_reason: "max_tokens", stop_sequence: null },
          usage: { output_tokens: 32_000 },
        },
        data: { reason: "max_tokens" },
      },
    ],
  },
  {
    class: "transport-interrupted",
    rows: [42],
    codes: ["websocket_connection_limit_reached", "websocket_stream_limit_reached"],
    data: () => ({ reason: "reconnect" }),
    samples: [
      {
        source: "Responses over WebSocket",
        event: "error",
        body: {
          type: "error",
          status: 400,
          error: {
            type: "invalid_request_error",
            code: "websocket_connection_limit_reached",
            message: "Responses websocket connection limit reached (60 minutes).",
          },
        },
        data: { reason: "reconnect" },
      },
    ],
  },
  {
    // Relays that tell of their upstream's stream in words, under a type that would be a refusal's.
    class: "transport-interrupted",
    rows: [41],
    text: /^(?:stream error: )?(?:upstream )?stream (?:disconnected|closed|ended|interrupted) before\b/iu,
    data: () => ({ reason: "cut" }),
    samples: [
      {
        source: "CLIProxyAPI, in the stream (router-for-me/CLIProxyAPI#3055, 2026-09)",
        event: "error",
        body: {
          error: {
            message:
              "stream error: stream disconnected before completion: stream closed before response.completed",
            type: "invalid_request_error",
          },
        },
        data: { reason: "cut" },
      },
    ],
  },
  {
    class: "transport-interrupted",
    rows: [],
    codes: ["tool_use_failed"],
    data: () => ({ reason: "incomplete" }),
    samples: [
      {
        source: "Groq: what the model wrote is no call that the server could read",
        status: 400,
        body: {
          error: {
            message:
              "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
            type: "invalid_request_error",
            code: "tool_use_failed",
            failed_generation: "<function=shell_command{",
          },
        },
        data: { reason: "incomplete" },
      },
    ],
  },
  {
    // Ollama calls each refusal of a request so.
    class: "overloaded",
    rows: [40],
    codes: ["api_error", "upstream_error"],
    except: [400, 404, 409, 422],
    general: true,
    data: retryAfter,
    samples: [
      {
        source: "Anthropic",
        status: 500,
        body: anthropic("Internal server error", "api_error"),
        data: {},
      },
      {
        source: "sub2api (Wei-Shaw/sub2api#6506, 2026-09)",
        event: "response.failed",
        body: failed("upstream_error", "Upstream request failed"),
        data: {},
      },
    ],
  },
  {
    class: "overloaded",
    rows: [40],
    codes: [
      "server_is_overloaded",
      "slow_down",
      "overloaded_error",
      "server_error",
      "internal_server_error",
      "internal_error",
      "unavailable",
      "timeout_error",
      // OpenAI: somebody else is at work on the conversation, for a moment.
      "conversation_locked",
      "stream_read_error",
    ],
    general: true,
    data: retryAfter,
    samples: [
      {
        source: "OpenAI",
        status: 503,
        headers: { "retry-after": "3" },
        body: {
          error: {
            type: "service_unavailable_error",
            code: "server_is_overloaded",
            message: "Our servers are currently overloaded. Please try again later.",
          },
        },
        data: { retryAfterMs: 3000 },
      },
      {
        source: "OpenAI",
        status: 503,
        body: { error: { code: "slow_down", message: "Slow down." } },
        data: {},
      },
      {
        source: "Anthropic",
        status: 529,
        body: anthropic("Overloaded", "overloaded_error"),
        data: {},
      },
      {
        source: "Anthropic, error event in the stream",
        event: "error",
        body: { type: "error", error: { details: null, type: "overloaded_error", message: "Overloaded" } },
        data: {},
      },
      {
        source: "OpenAI, response.failed",
        event: "response.failed",
        body: failed("server_error", "An error occurred while processing your request."),
        data: {},
      },
      {
        source: "OpenAI, flat error event",
        event: "error",
        body: {
          type: "error",
          code: "server_error",
          message: "The server had an error while processing your request.",
          param: null,
          sequence_number: 3,
        },
        data: {},
      },
    ],
  },
  {
    // Somebody else holds it for a moment: nothing in the request is at fault, and leaving something out would only seem to help.
    class: "overloaded",
    rows: [40],
    statuses: [409],
    text: /^(?:(?:409 )?conflict\W*$|.{0,120}\b(?:lock(?:ed)?|in progress|concurrent(?:ly)?|another (?:request|response|process|run|turn))\b)/iu,
    general: true,
    data: retryAfter,
    samples: [
      {
        source: "OpenAI's and Anthropic's own clients try a 409 again, as a lock that was held too long",
        status: 409,
        body: { error: { message: "Lock timeout", type: "invalid_request_error" } },
        data: {},
      },
    ],
  },
];
