import { nothing, type Pattern, type Told } from "../pattern.ts";
import { anthropic, openai } from "./bodies.ts";

// Relays mask parts of a path: "***.***.content.7: …".
const path = String.raw`^(?:(?:messages\.(?<message>\d+))?[\w.*]*: )?`;

const place = (
  _signal: unknown,
  _now: number,
  { message, latest }: Told,
): { index?: number; latest?: true } => ({
  ...(message !== undefined && { index: Number(message) }),
  ...(latest !== undefined && { latest: true }),
});

/** Thinking blocks and thought signatures of other wires. */
export const thinking: readonly Pattern[] = [
  {
    class: "thinking-signature-rejected",
    rows: [15, 16, 17],
    text: new RegExp(
      `${path}(?:Invalid \`signature\` in \`thinking\` block|\`thinking\` or \`redacted_thinking\` blocks in (?<latest>the latest assistant message) cannot be modified|(?<=[.]signature: )Field required|each thinking block must contain thinking|Thought signature is not valid)`,
      "iu",
    ),
    data: place,
    samples: [
      {
        source: "Anthropic",
        status: 400,
        body: anthropic("messages.1.content.0: Invalid `signature` in `thinking` block"),
        data: { index: 1 },
      },
      {
        source: "Anthropic",
        status: 400,
        body: anthropic(
          "messages.3.content.1: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
        ),
        data: { index: 3, latest: true },
      },
      {
        source: "Anthropic, wrapped by Vertex: words that are JSON",
        status: 400,
        body: {
          error: {
            code: 400,
            message: JSON.stringify({
              ...anthropic("messages.7.content.0: Invalid `signature` in `thinking` block"),
              request_id: "req_vrtx_1",
            }),
            status: "INVALID_ARGUMENT",
          },
        },
        data: { index: 7 },
      },
      {
        source: "a relay that names the upstream's error its own way",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "request_fail",
            upstream_error: anthropic("messages.1.content.0: Invalid `signature` in `thinking` block"),
          },
        },
        data: { index: 1 },
      },
      {
        source: "Anthropic, a block whose signature never came",
        status: 400,
        body: anthropic("messages.5.content.0.thinking.signature: Field required"),
        data: { index: 5 },
      },
      {
        source: "an Anthropic-compatible endpoint",
        status: 400,
        body: anthropic("messages.1.content.0: each thinking block must contain thinking"),
        data: { index: 1 },
      },
      {
        source: "Vertex",
        status: 400,
        body: {
          error: { code: 400, message: "Thought signature is not valid.", status: "INVALID_ARGUMENT" },
        },
        data: {},
      },
    ],
  },
  {
    class: "thinking-missing",
    rows: [18],
    text: new RegExp(`${path}expected \`?thinking\`? or \`?redacted_thinking\`?`, "iu"),
    data: nothing,
    samples: [
      {
        source: "Anthropic (secondary source)",
        status: 400,
        body: anthropic(
          "messages.3.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.",
        ),
        data: {},
      },
    ],
  },
  {
    class: "thought-signature-missing",
    rows: [19],
    text: /^function call is missing a thought_signature in functioncall parts/iu,
    data: nothing,
    samples: [
      {
        source: "Gemini 3",
        status: 400,
        body: {
          error: {
            code: 400,
            message: "Function call is missing a thought_signature in functionCall parts.",
            status: "INVALID_ARGUMENT",
          },
        },
        data: {},
      },
    ],
  },
  {
    class: "reasoning-required",
    rows: [20],
    text: /^(?:the `?reasoning[_ ]content`? in the thinking mode must be passed back|missing `?reasoning_content`? field in the assistant message|thinking is enabled but `?reasoning_content`? is missing|messages with tool_calls must include `?reasoning_content`?)/iu,
    data: nothing,
    samples: [
      {
        source: "DeepSeek",
        status: 400,
        body: {
          error: {
            message: "The `reasoning_content` in the thinking mode must be passed back to the API.",
            type: "invalid_request_error",
          },
        },
        data: {},
      },
      {
        source: "DeepSeek (openai/openai-agents-js#791, 2025-12)",
        status: 400,
        body: openai(
          "Missing `reasoning_content` field in the assistant message at message index 2. For more information, please refer to https://api-docs.deepseek.com/guides/thinking_mode#tool-calls",
          "invalid_request_error",
        ),
        data: {},
      },
      {
        source: "a gateway in front of DeepSeek (decolua/9router#355, 2026-03)",
        status: 400,
        body: {
          error: {
            message:
              "[deepseek/deepseek-reasoner] [400]: Missing reasoning_content field in the assistant message at message index 2.",
          },
        },
        data: {},
      },
      {
        source: "Kimi (bytedance/deer-flow#3043, 2026-05)",
        status: 400,
        body: {
          error: {
            message:
              "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
            type: "invalid_request_error",
          },
        },
        data: {},
      },
      {
        source: "Kimi behind OpenRouter's metadata.raw (2026-04)",
        status: 400,
        body: {
          error: {
            message: "Provider returned error",
            code: 400,
            metadata: {
              provider_name: "Moonshot AI",
              raw: '{"error":{"message":"thinking is enabled but reasoning_content is missing in assistant tool call message at index 3","type":"invalid_request_error"}}',
            },
          },
        },
        data: {},
      },
    ],
  },
];
