import type { FailureSignal } from "../../failure.ts";
import { nothing, type Pattern, words } from "../pattern.ts";

const invalid = (message: string, code: string | null, param: string | null = null): object => ({
  error: { message, type: "invalid_request_error", param, code },
});

/** The index into `input` that the parameter or the start of the message names. */
export function inputIndex(signal: FailureSignal): { index?: number } {
  const text =
    /\binput\[(\d+)\]/u.exec(signal.param ?? "")?.[1] ??
    /^[^"]{0,40}\binput\[(\d+)\]/u.exec(words(signal))?.[1];
  return text === undefined ? {} : { index: Number(text) };
}

function named(found: RegExpExecArray | undefined): { item?: string } {
  const item = found?.groups?.["item"];
  return item === undefined ? {} : { item };
}

/** Items that a provider refuses for their ids, types or form. */
export const shape: readonly Pattern[] = [
  {
    class: "reasoning-content-too-long",
    rows: [14],
    codes: ["array_above_max_length"],
    param: /^input\[\d+\]\.content$/u,
    data: inputIndex,
    samples: [
      {
        source: "Responses",
        status: 400,
        body: invalid(
          "Invalid 'input[201].content': array too long. Expected an array with maximum length 0, but got an array with length 1 instead.",
          "array_above_max_length",
          "input[201].content",
        ),
        data: { index: 201 },
      },
    ],
  },
  {
    class: "duplicate-item",
    rows: [23],
    text: /^duplicate item found with id (?<item>\w+)/iu,
    data: (_signal, found) => named(found),
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: invalid(
          "Duplicate item found with id rs_1a. Remove duplicate items from your input and try again.",
          null,
          "input",
        ),
        data: { item: "rs_1a" },
      },
    ],
  },
  {
    class: "item-not-persisted",
    rows: [24],
    text: /^item with id ['"`](?<item>[^'"`]+)['"`] not found\b/iu,
    data: (_signal, found) => named(found),
    samples: [
      {
        source: "OpenAI, store: false",
        status: 404,
        body: invalid(
          "Item with id 'rs_1a' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.",
          null,
          "input",
        ),
        data: { item: "rs_1a" },
      },
    ],
  },
  {
    class: "item-id-invalid",
    rows: [25],
    text: /^(?:invalid ['"`]input\[\d+\]\.(?:id|call_id)['"`]|\[?input\[\d+\]\.(?:id|call_id)\]? \[invalid_id_prefix\]|\[invalid_id_prefix\])/iu,
    data: inputIndex,
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: invalid(
          "Invalid 'input[1].id': string too long. Expected a string with maximum length 64, but got a string with length 93 instead.",
          "string_above_max_length",
          "input[1].id",
        ),
        data: { index: 1 },
      },
      {
        source: "OpenAI",
        status: 400,
        body: invalid("Invalid 'input[15].call_id': string too long.", "string_above_max_length"),
        data: { index: 15 },
      },
      {
        source: "Responses",
        status: 400,
        body: invalid(
          "[input[4].id] [invalid_id_prefix] Invalid 'input[4].id': 'fc_1'. Expected an ID that begins with 'ctc'.",
          null,
        ),
        data: { index: 4 },
      },
    ],
  },
  {
    class: "item-id-invalid",
    rows: [25],
    text: /^messages\.\d+[\w.]*(?:: `?tool_use`? ids must be unique|\.(?:id|tool_use_id): string should match pattern)/iu,
    data: nothing,
    samples: [
      {
        source: "Anthropic",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message: "messages.3.content.1: `tool_use` ids must be unique",
          },
        },
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message: "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
          },
        },
        data: {},
      },
    ],
  },
  {
    class: "item-type-unsupported",
    rows: [26],
    text: /^unknown input item type: ["'`]?(?<kind>\w+)/iu,
    data: (_signal, found) => {
      const kind = found?.groups?.["kind"];
      return kind === undefined ? {} : { kind };
    },
    samples: [
      {
        source: "strict compatible endpoints",
        status: 400,
        body: { error: { message: 'unknown input item type: "web_search_call"' } },
        data: { kind: "web_search_call" },
      },
    ],
  },
  {
    class: "item-type-unsupported",
    rows: [26],
    codes: ["invalid_value"],
    param: /^input\[\d+\]\.type$/u,
    data: (signal) => {
      const kind = /^invalid value: ['"`](\w+)/iu.exec(words(signal))?.[1];
      return kind === undefined ? {} : { kind };
    },
    samples: [
      {
        source: "Responses",
        status: 400,
        body: invalid(
          "Invalid value: 'mcp_call'. Supported values are: 'message' and 'reasoning'.",
          "invalid_value",
          "input[3].type",
        ),
        data: { kind: "mcp_call" },
      },
    ],
  },
  {
    class: "chain-missing",
    rows: [43],
    codes: ["previous_response_not_found"],
    data: (signal) => {
      const response = /^previous response with id ['"`]([^'"`]+)/iu.exec(words(signal))?.[1];
      return response === undefined ? {} : { response };
    },
    samples: [
      {
        source: "Responses",
        status: 400,
        body: invalid(
          "Previous response with id 'resp_9' not found.",
          "previous_response_not_found",
          "previous_response_id",
        ),
        data: { response: "resp_9" },
      },
    ],
  },
  {
    class: "request-malformed",
    rows: [50],
    codes: ["request_too_large", "invalid_json"],
    data: nothing,
    samples: [
      {
        source: "Anthropic",
        status: 413,
        body: {
          type: "error",
          error: { type: "request_too_large", message: "Request exceeds the maximum size" },
        },
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
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message: "messages.4.content.0.text: text content blocks must contain non-whitespace text",
          },
        },
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message:
              "messages.2: all messages must have non-empty content except for the optional final assistant message",
          },
        },
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message: "A maximum of 4 blocks with cache_control may be provided. Found 5.",
          },
        },
        data: {},
      },
      {
        source: "Anthropic, a trailing assistant turn",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message:
              "This model does not support assistant message prefill. The conversation must end with a user message.",
          },
        },
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message:
              "The request body is not valid JSON: no low surrogate in string: line 1 column 158905 (char 158904)",
          },
        },
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message: "messages: text content blocks must be non-empty",
          },
        },
        data: {},
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
        body: invalid("Unknown parameter: 'input[3].status'.", "unknown_parameter", "input[3].status"),
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
        body: invalid(
          "Invalid value for 'content': expected a string, got null.",
          null,
          "messages.[2].content",
        ),
        data: {},
      },
    ],
  },
];
