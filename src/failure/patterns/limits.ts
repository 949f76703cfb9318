import { nothing, type Pattern } from "../pattern.ts";
import { retryAfter, usageLimit } from "../times.ts";
import { anthropic, failed } from "./bodies.ts";

/** Plan limits and rates. They come before the texts about length, because a rate-limit text also says "tokens". */
export const limits: readonly Pattern[] = [
  {
    class: "usage-limit",
    rows: [35, 36],
    codes: ["usage_limit_reached"],
    data: usageLimit,
    samples: [
      {
        source: "ChatGPT Codex",
        status: 429,
        body: {
          error: {
            type: "usage_limit_reached",
            message: "The usage limit has been reached",
            plan_type: "plus",
            resets_at: 1_777_936_568,
            resets_in_seconds: 13_872,
          },
        },
        // What is left counts: the samples are read at another time than this one was recorded at.
        data: { resetsAt: 1_777_913_872_000, plan: "plus" },
      },
      {
        source: "ChatGPT Codex, SSE frame with headers; the later of body and used-up window counts",
        event: "error",
        body: {
          type: "error",
          status_code: 429,
          headers: {
            "x-codex-primary-used-percent": "100",
            "x-codex-primary-window-minutes": "300",
            "x-codex-primary-reset-at": "1777940000",
            "x-codex-secondary-used-percent": "31.5",
            "x-codex-secondary-window-minutes": "10080",
            "x-codex-secondary-reset-at": "1778500000",
            "x-codex-active-limit": "primary",
          },
          error: {
            type: "usage_limit_reached",
            message: "The usage limit has been reached",
            plan_type: "pro",
            resets_at: 1_777_936_568,
          },
        },
        data: { resetsAt: 1_777_940_000_000, window: "5h", plan: "pro" },
      },
    ],
  },
  {
    class: "usage-limit",
    rows: [36],
    statuses: [429],
    header: [/^x-codex-(?:primary|secondary)-used-percent$/u, /^100(?:\.0*)?$/u],
    data: usageLimit,
    samples: [
      {
        source: "ChatGPT Codex, headers only",
        status: 429,
        headers: {
          "x-codex-primary-used-percent": "100.0",
          "x-codex-primary-window-minutes": "300",
          "x-codex-primary-reset-after-seconds": "60",
          "x-codex-secondary-used-percent": "12",
        },
        body: "",
        data: { resetsAt: 1_777_900_060_000, window: "5h" },
      },
      {
        source: "ChatGPT Codex, the weekly window",
        status: 429,
        headers: {
          "x-codex-primary-used-percent": "40",
          "x-codex-secondary-used-percent": "100",
          "x-codex-secondary-window-minutes": "10080",
          "x-codex-secondary-reset-at": "1778500000",
        },
        body: { detail: "Too many requests" },
        data: { resetsAt: 1_778_500_000_000, window: "7d" },
      },
    ],
  },
  {
    class: "usage-limit",
    rows: [37],
    header: [/^anthropic-ratelimit-unified-(?:5h-|7d-)?status$/u, /^rejected$/u],
    statuses: [429],
    data: usageLimit,
    samples: [
      {
        source: "Anthropic plans",
        status: 429,
        headers: {
          "anthropic-ratelimit-unified-5h-status": "rejected",
          "anthropic-ratelimit-unified-5h-reset": "1777910000",
        },
        body: anthropic("This request would exceed your account's rate limit.", "rate_limit_error"),
        data: { resetsAt: 1_777_910_000_000, window: "5h" },
      },
      {
        source: "Anthropic plans, the weekly window",
        status: 429,
        headers: {
          "anthropic-ratelimit-unified-7d-status": "rejected",
          "anthropic-ratelimit-unified-7d-reset": "1778300000",
        },
        body: anthropic("This request would exceed your account's rate limit.", "rate_limit_error"),
        data: { resetsAt: 1_778_300_000_000, window: "7d" },
      },
      {
        source: "Anthropic plans, the window of one model, named as what counts",
        status: 429,
        headers: {
          "anthropic-ratelimit-unified-status": "rejected",
          "anthropic-ratelimit-unified-reset": "1778300000",
          "anthropic-ratelimit-unified-representative-claim": "seven_day_opus",
          "retry-after": "400000",
        },
        body: anthropic("This request would exceed your account's rate limit.", "rate_limit_error"),
        data: { resetsAt: 1_778_300_000_000 },
      },
    ],
  },
  {
    class: "usage-limit",
    rows: [37],
    text: /^(?:you['’]ve (?:hit your (?:\w+ )?|reached your usage )limit\b|you['’]re out of codex messages\b|the usage limit has been reached|claude (?:ai )?usage limit reached|(?:5-hour|weekly|opus weekly) limit reached\b)/iu,
    data: usageLimit,
    samples: [
      {
        source: "the ChatGPT app (openai/codex#47305, 2026-09)",
        status: 429,
        body: "You've reached your usage limit. Upgrade your plan or add credits to continue",
        data: {},
      },
      {
        source: "Anthropic plans; the time in its zone",
        status: 429,
        body: anthropic("You've hit your session limit · resets 4:20pm (Asia/Tbilisi)", "rate_limit_error"),
        data: { resetsAt: 1_777_983_600_000 },
      },
      {
        source: "Anthropic plans; without a zone the time is left to the person",
        status: 429,
        body: anthropic("5-hour limit reached ∙ resets 3pm", "rate_limit_error"),
        data: {},
      },
    ],
  },
  {
    class: "context-overflow",
    rows: [34],
    // More than a whole minute's limit: no waiting mends it.
    text: /^request too large for .{1,200}?\btokens per (?:min|day)/iu,
    data: nothing,
    samples: [
      {
        source: "Groq",
        status: 413,
        body: {
          error: {
            message:
              "Request too large for model `llama-3.3-70b-versatile` in organization `org_1` service tier `on_demand` on tokens per minute (TPM): Limit 12000, Requested 13512, please reduce your message size and try again.",
            type: "tokens",
            code: "rate_limit_exceeded",
          },
        },
      },
      {
        source: "OpenAI, where the account's limit is small (just-every/code#421, 2025-11)",
        status: 429,
        body: {
          error: {
            message:
              "Request too large for gpt-5.1 in organization org-x on tokens per min (TPM): Limit 30000, Requested 34587. The input or output tokens must be reduced in order to run successfully. Visit https://platform.openai.com/account/rate-limits to learn more.",
            type: "tokens",
            param: null,
            code: "rate_limit_exceeded",
          },
        },
      },
    ],
  },
  {
    class: "rate-limit",
    rows: [38],
    codes: [
      "rate_limit_exceeded",
      "rate_limit_error",
      "ratelimitreached",
      "too_many_requests",
      "resource_exhausted",
      "rate_limited",
    ],
    general: true,
    // A 413 is about the size of one request, whatever its code.
    except: [413],
    data: retryAfter,
    samples: [
      {
        source: "OpenAI; says tokens and is no overflow",
        status: 429,
        body: {
          error: {
            message:
              "Rate limit reached for gpt-5 in organization org-x on tokens per min (TPM): Limit 30000, Used 22999, Requested 12528. Please try again in 11.054s. Visit https://platform.openai.com/account/rate-limits to learn more.",
            type: "tokens",
            param: null,
            code: "rate_limit_exceeded",
          },
        },
        data: { retryAfterMs: 11_054 },
      },
      {
        source: "OpenAI, response.failed",
        event: "response.failed",
        body: failed("rate_limit_exceeded", "Rate limit reached for gpt-5. Please try again in 28ms."),
        data: { retryAfterMs: 28 },
      },
      {
        source: "Azure, response.failed",
        event: "response.failed",
        body: failed("rate_limit_exceeded", "Rate limit exceeded. Try again in 35 seconds."),
        data: { retryAfterMs: 35_000 },
      },
      {
        source: "Anthropic, with the headers of its API limits",
        status: 429,
        headers: {
          "retry-after": "17",
          "anthropic-ratelimit-requests-remaining": "0",
          "anthropic-ratelimit-requests-reset": "2026-05-04T13:07:00Z",
        },
        body: {
          type: "error",
          error: {
            type: "rate_limit_error",
            message:
              "This request would exceed your organization's rate limit of 30,000 input tokens per minute.",
          },
          request_id: "req_1",
        },
        data: { retryAfterMs: 17_000 },
      },
      {
        source: "Azure; retry-after-ms is the finer one",
        status: 429,
        headers: { "retry-after": "9", "retry-after-ms": "8123" },
        body: { error: { code: "too_many_requests", message: "Too many requests." } },
        data: { retryAfterMs: 8_123 },
      },
      {
        source: "OpenAI; minutes",
        status: 429,
        body: {
          error: {
            message: "Rate limit reached for requests. Please try again in 6m0.5s.",
            type: "requests",
            code: "rate_limit_exceeded",
          },
        },
        data: { retryAfterMs: 360_500 },
      },
    ],
  },
  {
    class: "rate-limit",
    rows: [38],
    statuses: [429],
    general: true,
    data: retryAfter,
    samples: [
      {
        source: "any, with an HTTP date; the text about length is vetoed by the status",
        status: 429,
        headers: { "retry-after": "Mon, 04 May 2026 13:07:50 GMT" },
        body: { error: { message: "maximum context length is 128000 tokens" } },
        data: { retryAfterMs: 70_000 },
      },
      {
        source: "a proxy",
        status: 429,
        headers: { "retry-after": "2" },
        body: "<html><title>Too Many Requests</title></html>",
        data: { retryAfterMs: 2_000 },
      },
    ],
  },
];
