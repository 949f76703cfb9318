import { nothing, type Pattern, words } from "../pattern.ts";

const anthropic = (message: string): object => ({
  type: "error",
  error: { type: "invalid_request_error", message },
});

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
        body: {
          error: {
            message: "Incorrect API key provided.",
            type: "invalid_request_error",
            param: null,
            code: "invalid_api_key",
          },
        },
      },
      {
        source: "Anthropic",
        status: 401,
        body: { type: "error", error: { type: "authentication_error", message: "invalid x-api-key" } },
      },
      {
        source: "Anthropic (secondary source)",
        status: 403,
        body: { type: "error", error: { type: "permission_error", message: "Not allowed." } },
      },
    ],
  },
  {
    class: "model-missing",
    rows: [46],
    codes: ["model_not_found", "deploymentnotfound", "model_not_available"],
    data: (signal) => model(words(signal)),
    samples: [
      {
        source: "OpenAI",
        status: 404,
        body: {
          error: {
            message: "The model `gpt-9` does not exist or you do not have access to it.",
            type: "invalid_request_error",
            param: null,
            code: "model_not_found",
          },
        },
        data: { model: "gpt-9" },
      },
    ],
  },
  {
    class: "model-missing",
    rows: [46],
    codes: ["not_found_error"],
    text: /^model: (?<model>\S+)/iu,
    data: (_signal, found) =>
      found?.groups?.["model"] === undefined ? {} : { model: found.groups["model"] },
    samples: [
      {
        source: "Anthropic",
        status: 404,
        body: { type: "error", error: { type: "not_found_error", message: "model: claude-9" } },
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
    text: /^(?:no endpoints found for (?<model>[\w./:-]+?)\.?$|no endpoints found that (?:support|can handle) (?!image)|no allowed providers are available for the selected model|(?<invalid>[\w./:-]+) is not a valid model id|model ['"`]?(?<local>[\w./:-]+)['"`]? not found|(?<unable>[\w./:-]+) does not support (?:tools|chat|thinking))/iu,
    data: (_signal, found) => {
      const { model: missing, invalid, local, unable } = found?.groups ?? {};
      const name = missing ?? invalid ?? local ?? unable;
      return name === undefined ? {} : { model: name };
    },
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
    class: "parameter-unsupported",
    rows: [47],
    text: /^encrypted content is not supported with this model/iu,
    data: () => ({ parameter: "include" }),
    samples: [
      {
        source: "Azure, a model that seals no reasoning",
        status: 400,
        body: {
          error: {
            message: "Encrypted content is not supported with this model.",
            type: "invalid_request_error",
            param: "include",
            code: null,
          },
        },
        data: { parameter: "include" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    codes: ["unsupported_parameter", "unknown_parameter", "unsupported_value"],
    data: (signal) => parameter(words(signal), signal.param),
    samples: [
      {
        source: "OpenAI (secondary source)",
        status: 400,
        body: {
          error: {
            message: "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
            type: "invalid_request_error",
            param: "reasoning.effort",
            code: "unsupported_parameter",
          },
        },
        data: { parameter: "reasoning.effort" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    codes: ["extra_forbidden"],
    data: ({ details }) => {
      const place: unknown = details?.["loc"];
      const names = Array.isArray(place) ? place.filter((part) => part !== "body").map(String) : [];
      return names.length === 0 ? {} : { parameter: names.join(".") };
    },
    samples: [
      {
        source: "FastAPI servers",
        status: 422,
        body: {
          detail: [
            {
              type: "extra_forbidden",
              loc: ["body", "prompt_cache_key"],
              msg: "Extra inputs are not permitted",
              input: "x",
            },
          ],
        },
        data: { parameter: "prompt_cache_key" },
      },
      {
        source: "Mistral",
        status: 422,
        body: {
          object: "error",
          message: {
            detail: [
              {
                type: "extra_forbidden",
                loc: ["body", "stream_options"],
                msg: "Extra inputs are not permitted",
              },
            ],
          },
          type: "invalid_request_error",
          param: null,
          code: null,
        },
        data: { parameter: "stream_options" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^(?:['"`]?(?<name>reasoning_effort|reasoning|parallel_tool_calls|stream_options|prompt_cache_key|tool_choice|temperature|store|include|strict)['"`]? is not supported|'messages\.\d+' : .{0,200}?property '(?<member>\w+)' is unsupported)/iu,
    data: (_signal, found) => {
      const { name, member } = found?.groups ?? {};
      return { parameter: name ?? `messages.${member}` };
    },
    samples: [
      {
        source: "Groq",
        status: 400,
        body: {
          error: {
            message: "`reasoning_effort` is not supported with this model",
            type: "invalid_request_error",
          },
        },
        data: { parameter: "reasoning_effort" },
      },
      {
        source: "Groq",
        status: 400,
        body: {
          error: {
            message:
              "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
            type: "invalid_request_error",
          },
        },
        data: { parameter: "messages.reasoning_content" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^(?:unsupported|unknown|unrecognized) (?:parameter|request argument)(?: supplied)?: ?['"`]?[\w.[\]]+/iu,
    data: (signal) => parameter(words(signal), signal.param),
    samples: [
      {
        source: "a compatible gateway that says it with a 5xx",
        status: 500,
        body: { error: { message: "Unsupported parameter: 'prompt_cache_key'" } },
        data: { parameter: "prompt_cache_key" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^(?:["'`]?(?<thinking>thinking\.type\.\w+)["'`]? is not supported for this model|(?<adaptive>adaptive thinking) is not supported on this model|(?<tokens>max_tokens): \d+ > \d+, which is the maximum)/iu,
    data: (_signal, found) => {
      const { thinking, adaptive, tokens } = found?.groups ?? {};
      return { parameter: thinking ?? (adaptive === undefined ? (tokens ?? "") : "thinking.type.adaptive") };
    },
    samples: [
      {
        source: "Anthropic",
        status: 400,
        body: anthropic(
          "max_tokens: 64000 > 32000, which is the maximum allowed number of output tokens for claude-opus-4-20250514",
        ),
        data: { parameter: "max_tokens" },
      },
      {
        source: "Anthropic, from 4.7 on",
        status: 400,
        body: anthropic(
          '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive".',
        ),
        data: { parameter: "thinking.type.enabled" },
      },
      {
        source: "Anthropic, before 4.6",
        status: 400,
        body: anthropic("adaptive thinking is not supported on this model"),
        data: { parameter: "thinking.type.adaptive" },
      },
    ],
  },
];

function model(text: string): { model?: string } {
  const name = /^the (?:requested )?model ['"`]([^'"`]+)['"`]/iu.exec(text)?.[1];
  return name === undefined ? {} : { model: name };
}

function parameter(text: string, param: string | undefined): { parameter?: string } {
  const name = param ?? /: ?['"`]?([\w.[\]]+)/u.exec(text)?.[1];
  return name === undefined ? {} : { parameter: name };
}
