import { nothing, type Pattern } from "../pattern.ts";
import { anthropic } from "./bodies.ts";

/** Money. Before the limits, which some backends also call it. */
export const billing: readonly Pattern[] = [
  {
    class: "billing",
    rows: [39],
    codes: [
      "insufficient_quota",
      "billing_error",
      "billing_not_active",
      "billing_hard_limit_reached",
      "enforced_spend_limit_reached",
      "usage_not_included",
      "insufficient_credits",
      // LiteLLM, Moonshot, DashScope, MiniMax, Zhipu.
      "budget_exceeded",
      "exceeded_current_quota_error",
      "arrearage",
      "insufficient_balance_error",
      "1113",
    ],
    data: nothing,
    samples: [
      {
        source: "OpenAI",
        status: 429,
        body: {
          error: {
            message: "You exceeded your current quota, please check your plan and billing details.",
            type: "insufficient_quota",
            param: null,
            code: "insufficient_quota",
          },
        },
      },
      {
        source: "Anthropic",
        status: 402,
        body: anthropic("Your credit balance is too low.", "billing_error"),
      },
      {
        source: "a plan's spending limit",
        status: 429,
        body: { error: { type: "enforced_spend_limit_reached", message: "Spend limit reached." } },
      },
      {
        source: "ChatGPT Codex",
        status: 429,
        body: { error: { type: "usage_not_included", message: "Usage not included in your plan" } },
      },
      {
        source: "a gateway",
        status: 402,
        body: { error: { code: "insufficient_credits", message: "Insufficient credits" } },
      },
    ],
  },
  {
    class: "billing",
    rows: [39],
    // Gemini says the same of a rate, and in how many seconds it is over.
    text: /^(?:you exceeded your current quota\b(?!.*\bretry in \d)|your credit balance is too low\b|you have reached your specified api usage limits\b)/isu,
    data: nothing,
    samples: [
      {
        source: "Anthropic, with the type of all its refusals",
        status: 400,
        body: anthropic(
          "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
        ),
      },
      {
        source: "Anthropic, the organization's own limit",
        status: 400,
        body: anthropic(
          "You have reached your specified API usage limits. You will regain access on 2026-06-01 at 00:00 UTC.",
        ),
      },
      {
        source: "a gateway that drops the code",
        status: 429,
        body: { error: { message: "You exceeded your current quota, please check your plan." } },
      },
    ],
  },
  {
    class: "billing",
    rows: [39],
    text: /^(?:insufficient (?:balance|funds|credits?)\b|this request requires more credits)/iu,
    data: nothing,
    samples: [
      {
        source: "DeepSeek",
        status: 402,
        body: {
          error: {
            message: "Insufficient Balance",
            type: "unknown_error",
            param: null,
            code: "invalid_request_error",
          },
        },
      },
      {
        source: "OpenRouter",
        status: 402,
        body: {
          error: {
            message:
              "This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 1200.",
            code: 402,
          },
        },
      },
    ],
  },
];
