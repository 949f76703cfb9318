import { nothing, type Pattern } from "../pattern.ts";
import { failed, openai } from "./bodies.ts";

/** Content that a provider refuses under its policy. Before everything else: such an answer has any status (row 48). */
export const policy: readonly Pattern[] = [
  {
    class: "refusal",
    rows: [48],
    codes: [
      "cyber_policy",
      "content_filter",
      "responsibleaipolicyviolation",
      "content_policy_violation",
      "safety",
      // The Messages API's stop reason.
      "refusal",
      // DashScope and Zhipu.
      "data_inspection_failed",
      "datainspectionfailed",
      "1301",
    ],
    data: nothing,
    samples: [
      {
        source: "OpenAI Responses",
        status: 400,
        body: {
          error: {
            message: "This request was blocked.",
            type: "invalid_request_error",
            code: "cyber_policy",
          },
        },
      },
      {
        source: "Azure OpenAI",
        status: 400,
        body: {
          error: {
            message:
              "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
            code: "content_filter",
            status: 400,
            innererror: {
              code: "ResponsibleAIPolicyViolation",
              content_filter_result: { violence: { filtered: true, severity: "high" } },
            },
          },
        },
      },
      {
        source: "Anthropic, stop_reason",
        event: "message_delta",
        body: {
          type: "message_delta",
          delta: { stop_reason: "refusal", stop_sequence: null },
          usage: { output_tokens: 20 },
        },
      },
      {
        source: "a chat stream that ends with finish_reason content_filter",
        event: "finish_reason",
        body: { code: "content_filter", message: 'the answer ended with finish_reason "content_filter"' },
      },
      {
        source: "DashScope",
        status: 400,
        body: {
          error: {
            message: "Input data may contain inappropriate content.",
            type: "data_inspection_failed",
            code: "data_inspection_failed",
          },
        },
      },
      {
        source: "Zhipu",
        status: 400,
        body: { error: { code: "1301", message: "系统检测到输入或生成内容可能包含不安全或敏感内容" } },
      },
      {
        source: "Responses, response.incomplete",
        event: "response.incomplete",
        body: {
          type: "response.incomplete",
          response: {
            id: "resp_1",
            status: "incomplete",
            error: null,
            incomplete_details: { reason: "content_filter" },
          },
        },
      },
    ],
  },
  {
    class: "refusal",
    rows: [48],
    text: /^[\w ,'’:-]{0,120}(?:flagged (?:for|as) (?:possible|potentially|a possible) |violates? our usage polic)/iu,
    data: nothing,
    samples: [
      {
        source: "ChatGPT backend, response.failed",
        event: "response.failed",
        body: failed("invalid_prompt", "This content was flagged for possible cybersecurity risk."),
      },
      {
        source: "OpenAI",
        status: 400,
        body: {
          error: {
            message: "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
            type: "invalid_request_error",
            code: "invalid_prompt",
          },
        },
      },
      {
        source: "a gateway, wrapped in a 502",
        status: 502,
        body: { error: { message: "Your request violates our usage policies." } },
      },
    ],
  },
  {
    class: "refusal",
    rows: [48],
    text: /^(?:[\w./:-]+ requires moderation on |content exists risk$|violated guardrail policy\b|guardrail (?:raised|blocked)\b)/iu,
    data: nothing,
    samples: [
      {
        source: "OpenRouter",
        status: 403,
        body: {
          error: {
            message: 'acme/large requires moderation on OpenInference. Your input was flagged for "violence"',
            code: 403,
            metadata: { reasons: ["violence"], flagged_input: "…", provider_name: "OpenInference" },
          },
        },
      },
      {
        source: "DeepSeek",
        status: 400,
        body: openai("Content Exists Risk", "invalid_request_error"),
      },
    ],
  },
];
