import { asTold, nothing, type Pattern, words } from "../pattern.ts";
import { anthropic, openai } from "./bodies.ts";

/** Credentials, models and parameters. */
export const account: readonly Pattern[] = [
  {
    class: "auth-expired",
    rows: [12, 44],
    codes: [
      "token_expired",
      "token_revoked",
      "token_invalidated",
      "refresh_token_reused",
      "refresh_token_expired",
      "refresh_token_invalidated",
    ],
    data: nothing,
    samples: [
      {
        source: "ChatGPT Codex",
        status: 401,
        body: {
          error: {
            message: "Provided authentication token is expired. Please try signing in again.",
            code: "token_expired",
          },
        },
      },
      {
        source: "OpenAI OAuth",
        status: 401,
        body: {
          error: {
            message: "Your refresh token has already been used.",
            type: "invalid_request_error",
            code: "refresh_token_reused",
          },
        },
      },
    ],
  },
  {
    class: "auth-denied",
    rows: [45],
    codes: [
      "invalid_api_key",
      "authentication_error",
      "permission_error",
      "permission_denied",
      "unsupported_country_region_territory",
    ],
    general: true,
    data: nothing,
    samples: [
      {
        source: "OpenAI",
        status: 401,
        body: openai("Incorrect API key provided.", "invalid_api_key"),
      },
      {
        source: "Anthropic",
        status: 401,
        body: anthropic("invalid x-api-key", "authentication_error"),
      },
      {
        source: "Anthropic (secondary source)",
        status: 403,
        body: anthropic("Not allowed.", "permission_error"),
      },
    ],
  },
  {
    class: "model-missing",
    rows: [46],
    codes: [
      "model_not_found",
      "deploymentnotfound",
      "model_not_available",
      // LiteLLM: what a key, its user, team or organisation may ask.
      "key_model_access_denied",
      "user_model_access_denied",
      "team_model_access_denied",
      "org_model_access_denied",
    ],
    data: (signal) => model(words(signal)),
    samples: [
      {
        source: "LiteLLM (BerriAI/litellm#39867)",
        status: 403,
        body: openai(
          "key not allowed to access model. Tried to access acme-large, which is only deployed for other teams",
          "key_model_access_denied",
        ),
        data: {},
      },
      {
        source: "OpenAI",
        status: 404,
        body: openai("The model `gpt-9` does not exist or you do not have access to it.", "model_not_found"),
        data: { model: "gpt-9" },
      },
    ],
  },
  {
    class: "model-missing",
    rows: [46],
    codes: ["not_found_error"],
    text: /^model: (?<model>\S+)/iu,
    data: asTold("model"),
    samples: [
      {
        source: "Anthropic",
        status: 404,
        body: anthropic("model: claude-9", "not_found_error"),
        data: { model: "claude-9" },
      },
    ],
  },
  {
    class: "model-missing",
    rows: [46],
    text: /^the (?:requested )?model (?:['"`]?[\w./:-]+['"`]? )??(?:does not exist|is not supported|was not found)/iu,
    data: (signal) => model(words(signal)),
    samples: [
      {
        source: "compatible endpoints",
        status: 404,
        body: { error: { message: "The model 'gpt-9' does not exist" } },
        data: { model: "gpt-9" },
      },
      {
        source: "Copilot",
        status: 400,
        body: { error: { message: "The requested model is not supported." } },
        data: {},
      },
    ],
  },
  {
    class: "model-missing",
    rows: [46],
    text: /^(?:no endpoints found for (?<model>[\w./:-]+?)\.?$|no endpoints found that (?:support|can handle) (?!image)|no allowed providers are available for the selected model|(?<model>[\w./:-]+) is not a valid model id|model ['"`]?(?<model>[\w./:-]+)['"`]? not found|(?<model>[\w./:-]+) does not support (?:tools|chat|thinking))/iu,
    data: asTold("model"),
    samples: [
      {
        source: "OpenRouter",
        status: 404,
        body: { error: { message: "No endpoints found for acme/gone-1.", code: 404 } },
        data: { model: "acme/gone-1" },
      },
      {
        source: "OpenRouter",
        status: 404,
        body: {
          error: {
            message:
              "No endpoints found that support tool use. To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing",
            code: 404,
          },
        },
        data: {},
      },
      {
        source: "OpenRouter",
        status: 400,
        body: { error: { message: "acme/typo is not a valid model ID", code: 400 } },
        data: { model: "acme/typo" },
      },
      {
        source: "Ollama",
        status: 404,
        body: {
          error: { message: "model 'qwen9' not found", type: "not_found_error", param: null, code: null },
        },
        data: { model: "qwen9" },
      },
      {
        source: "Ollama, of a model that can't be an agent",
        status: 400,
        body: {
          error: {
            message: "registry.ollama.ai/library/gemma:2b does not support tools",
            type: "api_error",
            param: null,
            code: null,
          },
        },
        data: { model: "registry.ollama.ai/library/gemma:2b" },
      },
    ],
  },
  {
    // The model is there; what the account or its organisation has set leaves no endpoint for it (decisions/0020).
    class: "model-missing",
    rows: [48],
    text: /^(?:no endpoints (?:available|found) (?:that )?match(?:ing)? your (?:guardrail restrictions|data policy|privacy settings)|no endpoints available for this model under your |all providers have been ignored|[\w ]{1,60} violation \(account settings\): \d+ endpoints? excluded)/iu,
    data: nothing,
    samples: [
      {
        source: "OpenRouter",
        status: 404,
        body: {
          error: {
            message:
              "No endpoints available matching your guardrail restrictions and data policy. Configure: https://openrouter.ai/settings/privacy",
            code: 404,
          },
        },
      },
      {
        source: "OpenRouter, to 2025",
        status: 404,
        body: {
          error: {
            message:
              "No endpoints found matching your data policy. Enable prompt training here: https://openrouter.ai/settings/privacy",
            code: 404,
          },
        },
      },
      {
        source: "OpenRouter behind TrueFoundry (truefoundry/models#826)",
        status: 404,
        body: {
          status: "failure",
          error: {
            message:
              "openrouter error: No endpoints available matching your guardrail restrictions and data policy. Configure: https://openrouter.ai/settings/privacy",
            type: "APIError",
          },
        },
      },
      {
        source: "OpenRouter behind a relay that makes it a 502 (omnara-ai/omnara#501)",
        status: 502,
        body: {
          error: { message: "Paid model training violation (account settings): 1 endpoint excluded" },
        },
      },
      {
        source: "Copilot (github/copilot-cli#680)",
        status: 400,
        body: {
          error: {
            message: "no endpoints available for this model under your current plan and policies",
            code: "no_available_model_endpoints",
          },
        },
      },
    ],
  },
];

function model(text: string): { model?: string } {
  const name = /^the (?:requested )?model ['"`]([^'"`]+)['"`]/iu.exec(text)?.[1];
  return name === undefined ? {} : { model: name };
}
