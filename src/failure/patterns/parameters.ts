import { asTold, type Pattern, words } from "../pattern.ts";
import { anthropic, openai } from "./bodies.ts";

/** Settings of a request that an endpoint or a model doesn't take (row 47). */
export const parameters: readonly Pattern[] = [
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^encrypted content (?:is not supported with this model|cannot be requested for)/iu,
    data: () => ({ parameter: "include" }),
    samples: [
      {
        source: "Azure, a model that seals no reasoning",
        status: 400,
        body: openai("Encrypted content is not supported with this model.", null, "include"),
        data: { parameter: "include" },
      },
      {
        source: "OpenAI, of responses that it keeps (pydantic/pydantic-ai#6611, 2026-07)",
        status: 400,
        body: openai("Encrypted content cannot be requested for persisted responses.", null, "include"),
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
        body: openai(
          "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
          "unsupported_parameter",
          "reasoning.effort",
        ),
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
    data: (_signal, _now, { name, member }) => ({ parameter: name ?? `messages.${member}` }),
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
    text: /^(?:["'`]?(?<name>thinking\.type\.\w+)["'`]? is not supported for this model|(?<adaptive>adaptive thinking) is not supported on this model|(?<name>max_tokens): \d+ > \d+, which is the maximum)/iu,
    data: (_signal, _now, { adaptive, name = "" }) => ({
      parameter: adaptive === undefined ? name : "thinking.type.adaptive",
    }),
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
  {
    // "Unsupported value: 'low' is not supported with …", "Invalid value: 'xhigh'. Supported values are: …", told of a setting by its name.
    class: "parameter-unsupported",
    rows: [47],
    codes: ["invalid_value", "invalid_parameter", "unrecognized_request_argument", "invalid_parameter_error"],
    param: /^(?!input\b|messages\b|tools\b|model\b)[a-z][\w.]*$/u,
    data: (signal) => parameter("", signal.param),
    samples: [
      {
        source: "ChatGPT (openai/codex#39442, 2026-08)",
        status: 400,
        body: {
          message: "prompt_cache_retention is not supported on this model",
          type: "invalid_request_error",
          param: "prompt_cache_retention",
          code: "invalid_parameter",
        },
        data: { parameter: "prompt_cache_retention" },
      },
      {
        source: "Azure behind LiteLLM (BerriAI/litellm#16704, 2025-11)",
        status: 400,
        body: {
          error: {
            message: `litellm.llms.azure.common_utils.AzureOpenAIError: Error code: 400 - {'error': {'message': "Invalid value: 'none'. Supported values are: 'low', 'medium', and 'high'.", 'type': 'invalid_request_error', 'param': 'reasoning.effort', 'code': 'invalid_value'}}`,
            type: null,
            param: null,
            code: "400",
          },
        },
        data: { parameter: "reasoning.effort" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^\[\{'type': 'extra_forbidden', 'loc': \('body', '(?<parameter>\w+)'/u,
    data: asTold("parameter"),
    samples: [
      {
        source: "vLLM (vllm-project/vllm#6631, 2024-08)",
        status: 400,
        body: {
          object: "error",
          message:
            "[{'type': 'extra_forbidden', 'loc': ('body', 'tool_choice'), 'msg': 'Extra inputs are not permitted', 'input': 'auto'}]",
          type: "BadRequestError",
          param: null,
          code: 400,
        },
        data: { parameter: "tool_choice" },
      },
    ],
  },
  {
    // A setting that is taken with one value only: the name goes with it.
    class: "parameter-unsupported",
    rows: [47],
    text: /^['"`]?store['"`]? must be (?:set to )?(?<value>true|false)\b/iu,
    data: (_signal, _now, { value = "" }) => ({ parameter: `store=${value.toLowerCase()}` }),
    samples: [
      {
        source: "ChatGPT backend",
        status: 400,
        body: { detail: "Store must be set to false" },
        data: { parameter: "store=false" },
      },
    ],
  },
];

function parameter(text: string, param: string | undefined): { parameter?: string } {
  const name = param ?? /: ?['"`]?([\w.[\]]+)/u.exec(text)?.[1];
  return name === undefined ? {} : { parameter: name };
}
