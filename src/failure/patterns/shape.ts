import type { FailureSignal } from "../../failure.ts";
import { asTold, nothing, type Pattern, words } from "../pattern.ts";
import { callIdLimit } from "../said.ts";
import { anthropic, openai } from "./bodies.ts";

/** The index into `input` that the parameter or the start of the message names. */
export function inputIndex(signal: FailureSignal): { index?: number } {
  const text =
    /\binput\[(\d+)\]/u.exec(signal.param ?? "")?.[1] ??
    /^[^"]{0,40}\binput\[(\d+)\]/u.exec(words(signal))?.[1];
  return text === undefined ? {} : { index: Number(text) };
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
        body: openai(
          "Invalid 'input[201].content': array too long. Expected an array with maximum length 0, but got an array with length 1 instead.",
          "array_above_max_length",
          "input[201].content",
        ),
        data: { index: 201 },
      },
    ],
  },
  {
    // As people paste it from a client that prints no more (openai/codex #36551, 2026-08).
    class: "reasoning-content-too-long",
    rows: [14],
    text: /^invalid ['"`]input\[(?<index>\d+)\]\.content['"`]: array too long\b/iu,
    data: (_signal, _now, { index }) => ({ index: Number(index) }),
    samples: [
      {
        source: "Codex",
        status: 400,
        body: "Invalid 'input[7].content': array too long. Expected an array with maximum length 0, but got an array with length 1 instead.",
        data: { index: 7 },
      },
    ],
  },
  {
    class: "duplicate-item",
    rows: [23],
    text: /^duplicate item found with id (?<item>\w+)/iu,
    data: asTold("item"),
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: openai(
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
    data: asTold("item"),
    samples: [
      {
        source: "OpenAI, store: false",
        status: 404,
        body: openai(
          "Item with id 'rs_1a' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.",
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
    text: /^(?:items are not persisted when\b|input item id does not belong to this connection\b)/iu,
    data: nothing,
    samples: [
      {
        source: "ChatGPT backend (anomalyco/opencode#8987, 2026-01)",
        status: 400,
        body: {
          detail:
            "Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.",
        },
        data: {},
      },
      {
        source: "GitHub Copilot, after its token was rotated (openclaw/openclaw#66424, 2026-04)",
        status: 401,
        body: "input item ID does not belong to this connection\n",
        data: {},
      },
      {
        source: "GitHub Copilot (microsoft/vscode#318485, 2026-05)",
        status: 400,
        body: { error: { message: "input item ID does not belong to this connection", code: "" } },
        data: {},
      },
    ],
  },
  {
    class: "item-id-invalid",
    rows: [25],
    text: /^(?:invalid ['"`]input\[\d+\]\.(?:id|call_id)['"`]|\[?input\[\d+\]\.(?:id|call_id)\]? \[invalid_id_prefix\]|\[invalid_id_prefix\])/iu,
    data: (signal) => ({ ...inputIndex(signal), ...callIdLimit(words(signal)) }),
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: openai(
          "Invalid 'input[1].id': string too long. Expected a string with maximum length 64, but got a string with length 93 instead.",
          "string_above_max_length",
          "input[1].id",
        ),
        data: { index: 1 },
      },
      {
        source: "OpenAI",
        status: 400,
        body: openai("Invalid 'input[15].call_id': string too long.", "string_above_max_length"),
        data: { index: 15 },
      },
      {
        source: "OpenAI (openai/codex#33176, #34283, 2026-07)",
        status: 400,
        body: openai(
          "[ApiIdParam] [input[2].id] [invalid_id_prefix] Invalid 'input[2].id': 'review_rollout_user'. Expected an ID that begins with 'msg'.",
        ),
        data: { index: 2 },
      },
      {
        source: "Responses",
        status: 400,
        body: openai(
          "[input[4].id] [invalid_id_prefix] Invalid 'input[4].id': 'fc_1'. Expected an ID that begins with 'ctc'.",
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
        body: anthropic("messages.3.content.1: `tool_use` ids must be unique"),
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: anthropic("messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
        data: {},
      },
    ],
  },
  {
    class: "item-type-unsupported",
    rows: [26],
    text: /^(?:unknown input item type: ["'`]?(?<kind>\w+)|invalid input type '(?<kind>\w+)' at index (?<index>\d+)|(?:invalid request: )?input: invalid input$)/iu,
    data: (_signal, _now, { kind, index }) => ({
      ...(kind !== undefined && { kind }),
      ...(index !== undefined && { index: Number(index) }),
    }),
    samples: [
      {
        source: "codex2api, of what asks for a compaction (james-6-23/codex2api#285, 2026-06)",
        status: 400,
        body: "status_code=400, Invalid input type 'compaction_trigger' at index 579",
        data: { kind: "compaction_trigger", index: 579 },
      },
      {
        source: "llmgateway, of the item that tools come in (theopenco/llmgateway#3613, 2026-08)",
        status: 400,
        body: openai("Invalid request: input: Invalid input", "invalid_request"),
        data: {},
      },
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
        body: openai(
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
        body: openai(
          "Previous response with id 'resp_9' not found.",
          "previous_response_not_found",
          "previous_response_id",
        ),
        data: { response: "resp_9" },
      },
    ],
  },
  {
    class: "chain-missing",
    rows: [43],
    statuses: [400, 404, 422],
    param: /^previous_response_id$/u,
    data: (signal) => {
      const response = /\bresp_\w+/u.exec(words(signal))?.[0];
      return response === undefined ? {} : { response };
    },
    samples: [
      {
        source: "an organization whose responses are not kept (zero data retention)",
        status: 400,
        body: openai(
          "A previous response can't be used where nothing is retained.",
          "unsupported_parameter",
          "previous_response_id",
        ),
        data: {},
      },
    ],
  },
  {
    class: "chain-missing",
    rows: [43],
    text: /^(?:(?:unsupported|unknown) parameter: ?['"`]?previous_response_id\b|(?:previous )?response (?:with id )?['"`]?(?<response>resp_\w+)['"`]? not found)/iu,
    data: asTold("response"),
    samples: [
      {
        source: "ChatGPT backend",
        status: 400,
        body: { detail: "Unsupported parameter: previous_response_id" },
        data: {},
      },
      {
        source: "a compatible endpoint that keeps nothing",
        status: 404,
        body: { error: { type: "not_found_error", message: "Response with id 'resp_3c' not found." } },
        data: { response: "resp_3c" },
      },
    ],
  },
];
