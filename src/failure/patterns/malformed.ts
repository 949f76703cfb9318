import { nothing, type Pattern, words } from "../pattern.ts";
import { inputIndex } from "./shape.ts";
import { anthropic, failed, openai } from "./bodies.ts";

/** Requests that a provider can't read, or whose roles and texts it refuses. */
export const malformed: readonly Pattern[] = [
  {
    class: "request-malformed",
    rows: [50],
    codes: ["request_too_large", "invalid_json", "invalid_union"],
    data: nothing,
    samples: [
      {
        source: "Anthropic",
        status: 413,
        body: anthropic("Request exceeds the maximum size", "request_too_large"),
        data: {},
      },
    ],
  },
  {
    class: "request-malformed",
    rows: [50],
    text: /^(?:messages\.\d+[\w.]*: |messages: )?(?:the request body is not valid json|text content blocks must (?:be non-empty|contain)|we could not parse the json body|all messages must have non-empty content|a maximum of \d+ blocks with cache_control|this model does not support assistant message prefill)/iu,
    data: nothing,
    samples: [
      {
        source: "Anthropic",
        status: 400,
        body: anthropic("messages.4.content.0.text: text content blocks must contain non-whitespace text"),
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: anthropic(
          "messages.2: all messages must have non-empty content except for the optional final assistant message",
        ),
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: anthropic("A maximum of 4 blocks with cache_control may be provided. Found 5."),
        data: {},
      },
      {
        source: "Anthropic, a trailing assistant turn",
        status: 400,
        body: anthropic(
          "This model does not support assistant message prefill. The conversation must end with a user message.",
        ),
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: anthropic(
          "The request body is not valid JSON: no low surrogate in string: line 1 column 158905 (char 158904)",
        ),
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: anthropic("messages: text content blocks must be non-empty"),
        data: {},
      },
    ],
  },
  {
    // A relay that keeps what goes through it in PostgreSQL.
    class: "request-malformed",
    rows: [50],
    text: /^(?:error: )?unsupported unicode escape sequence\b/iu,
    data: nothing,
    samples: [
      {
        source: "PostgreSQL behind a relay: a NUL in a text",
        status: 500,
        body: {
          error: {
            message:
              "ERROR: unsupported Unicode escape sequence (SQLSTATE 22P05): \\u0000 cannot be converted to text.",
            type: "internal_error",
          },
        },
        data: {},
      },
    ],
  },
  {
    // A member of an item that the provider doesn't know, whatever stands in it: every item goes without it.
    class: "request-malformed",
    rows: [50],
    text: /^(?:\[(?:[\w: .-]|\[\d+\]){1,80}\] ?)*unknown +parameter: ?['"`]input\[\d+\]\.\w+/iu,
    data: (signal) => {
      const place = /\binput\[(\d+)\]\.(\w+)/u.exec(`${signal.param ?? ""} ${words(signal)}`);
      return { index: Number(place?.[1] ?? 0), member: place?.[2] ?? "" };
    },
    samples: [
      {
        source: "ChatGPT backend (router-for-me/CLIProxyAPI#4224, 2026-07)",
        status: 400,
        body: openai(
          "Unknown parameter: 'input[494].namespace'.",
          "unknown_parameter",
          "input[494].namespace",
        ),
        data: { index: 494, member: "namespace" },
      },
      {
        source: "the same behind sub2api (Wei-Shaw/sub2api#7066, 2026-09)",
        status: 400,
        body: openai(
          "[trace_id: ceb9e21a-d6fb] Unknown parameter: 'input[0].internal_chat_message_metadata_passthrough.content_item_kinds'.",
          "unknown_parameter",
          "input[0].internal_chat_message_metadata_passthrough.content_item_kinds",
        ),
        data: { index: 0, member: "internal_chat_message_metadata_passthrough" },
      },
      {
        source: "codex2api, in the stream (james-6-23/codex2api#406, 2026-07)",
        event: "response.failed",
        body: failed(
          "invalid_request_error",
          "[ObjectParam] [input[13].namespace] [unknown_parameter] Unknown  parameter: 'input[13].namespace'.",
        ),
        data: { index: 13, member: "namespace" },
      },
    ],
  },
  {
    class: "request-malformed",
    rows: [50],
    codes: ["extra_forbidden"],
    param: /^input\[\d+\]\.\w+/u,
    data: (signal) => {
      const place = /^input\[(\d+)\]\.(\w+)/u.exec(signal.param ?? "");
      return { index: Number(place?.[1] ?? 0), member: place?.[2] ?? "" };
    },
    samples: [
      {
        source: "FastAPI servers",
        status: 422,
        body: {
          detail: [
            {
              type: "extra_forbidden",
              loc: ["body", "input", 6, "phase"],
              msg: "Extra inputs are not permitted",
              input: "final_answer",
            },
          ],
        },
        data: { index: 6, member: "phase" },
      },
    ],
  },
  {
    // Servers that know the roles of chat templates only; what a developer says is the system's to say there.
    class: "request-malformed",
    rows: [50],
    text: /^(?:invalid value: ['"`]developer['"`]\. supported values are: .*['"`]system['"`]|(?:unknown|unexpected|unsupported|invalid)(?: message)? role:? ['"`]?developer\b)/iu,
    data: () => ({ member: "role=system" }),
    samples: [
      {
        source: "compatible endpoints",
        status: 400,
        body: openai(
          "Invalid value: 'developer'. Supported values are: 'assistant', 'system', and 'user'.",
          "invalid_value",
          "input[0].role",
        ),
        data: { member: "role=system" },
      },
      {
        source: "a chat template",
        status: 400,
        body: { error: { message: "Unknown role: developer", type: "invalid_request_error" } },
        data: { member: "role=system" },
      },
    ],
  },
  {
    // The ChatGPT backend knows developers only.
    class: "request-malformed",
    rows: [50],
    text: /^system messages? (?:is|are) not (?:allowed|supported)/iu,
    data: () => ({ member: "role=developer" }),
    samples: [
      {
        source: "ChatGPT backend (justlovemaki/AIClient2API#632, 2026-06)",
        status: 400,
        body: { detail: "System messages are not allowed" },
        data: { member: "role=developer" },
      },
    ],
  },
  {
    class: "request-malformed",
    rows: [50],
    text: /^missing required parameter: ?['"`]input\[\d+\]/iu,
    data: inputIndex,
    samples: [
      {
        source: "an OpenAI relay (router-for-me/CLIProxyAPI#2814, 2026-04)",
        status: 400,
        body: {
          error: { message: "Missing required parameter: 'input[4].name'.", type: "invalid_request_error" },
        },
        data: { index: 4 },
      },
    ],
  },
  {
    class: "request-malformed",
    rows: [50],
    codes: ["unknown_parameter", "missing_required_parameter", "invalid_type", "invalid_value"],
    param: /^input\[\d+\]/u,
    data: inputIndex,
    samples: [
      {
        source: "Responses: a member of an item, which no setting changes",
        status: 400,
        body: openai(
          "Invalid type for 'input[3].status': expected a string, but got null instead.",
          "invalid_type",
          "input[3].status",
        ),
        data: { index: 3 },
      },
    ],
  },
  {
    class: "request-malformed",
    rows: [50],
    text: /^(?:unexpected role ['"`]?\w+['"`]? after role|expected last role user or tool|(?:after the optional system message, )?conversation roles must alternate|assistant response prefill is incompatible with|cannot have 2 or more assistant messages at the end|assistant message must have either content or tool_calls|invalid value for 'content': expected a string)/iu,
    data: nothing,
    samples: [
      {
        source: "Mistral (NousResearch/hermes-agent#20154, 2026-05)",
        status: 400,
        body: {
          object: "error",
          message: "Unexpected role 'user' after role 'tool'",
          type: "invalid_request_message_order",
          param: null,
          code: "3230",
        },
        data: {},
      },
      {
        source: "Mistral behind OpenRouter (charmbracelet/crush#279, 2025-07)",
        status: 400,
        body: {
          error: {
            message: "Provider returned error",
            code: 400,
            metadata: {
              raw: '{"object":"error","message":"Unexpected role \'tool\' after role \'user\'","type":"invalid_request_message_order","param":null,"code":"3230"}',
              provider_name: "Mistral",
            },
          },
        },
        data: {},
      },
      {
        source: "llama.cpp (ggml-org/llama.cpp#20861, 2026-03)",
        status: 400,
        body: {
          error: {
            code: 400,
            message: "Assistant response prefill is incompatible with enable_thinking.",
            type: "invalid_request_error",
          },
        },
        data: {},
      },
      {
        source: "OpenAI Chat Completions",
        status: 400,
        body: openai(
          "Invalid value for 'content': expected a string, got null.",
          null,
          "messages.[2].content",
        ),
        data: {},
      },
    ],
  },
];
