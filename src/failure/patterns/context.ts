import { nothing, type Pattern } from "../pattern.ts";
import { anthropic, failed, openai } from "./bodies.ts";

/** The history is too long, in the words of each backend. A 429 that says so is a rate limit. */
export const context: readonly Pattern[] = [
  {
    class: "context-overflow",
    rows: [33],
    codes: [
      "context_length_exceeded",
      "exceed_context_size_error",
      "model_max_prompt_tokens_exceeded",
      "model_context_window_exceeded",
      "maximum_context_length_failed",
      "characters_too_long",
      "tokens_too_long",
      "context_exceeded",
    ],
    except: [429],
    data: nothing,
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: openai(
          "Your input exceeds the context window of this model. Please adjust your input and try again.",
          "context_length_exceeded",
          "input",
        ),
      },
      {
        source: "OpenAI, response.failed",
        event: "response.failed",
        body: failed(
          "context_length_exceeded",
          "Your input exceeds the context window of this model. Please adjust your input and try again.",
        ),
      },
      {
        source: "Anthropic, stop_reason: the answer filled the window",
        event: "message_delta",
        body: {
          type: "message_delta",
          delta: { stop_reason: "model_context_window_exceeded", stop_sequence: null },
          usage: { output_tokens: 4096 },
        },
      },
      {
        source: "llama.cpp",
        status: 400,
        body: {
          error: {
            code: 400,
            message: "the request exceeds the available context size, try increasing it",
            type: "exceed_context_size_error",
            n_prompt_tokens: 9000,
            n_ctx: 8192,
          },
        },
      },
      {
        source: "new-api, with a status of 500",
        status: 500,
        body: {
          error: {
            message: "maximum context length failed",
            type: "new_api_error",
            param: "",
            code: "maximum_context_length_failed",
          },
        },
      },
      {
        source: "Qianfan (cloud.baidu.com/doc/qianfan-api)",
        status: 400,
        body: {
          error: {
            code: "characters_too_long",
            message: "the max input characters is 516096",
            type: "invalid_request_error",
          },
        },
      },
      {
        source: "Qianfan, in tokens",
        status: 400,
        body: {
          error: {
            code: "tokens_too_long",
            message: "Prompt tokens too long",
            type: "invalid_request_error",
          },
        },
      },
      {
        source: "ds4 (antirez/ds4#150)",
        status: 400,
        body: {
          error: { message: "Prompt tokens (9000) exceeds context size (8192)", type: "context_exceeded" },
        },
      },
    ],
  },
  {
    class: "context-overflow",
    rows: [34],
    except: [429],
    text: new RegExp(
      `^(?:${[
        String.raw`your input exceeds the context window`,
        String.raw`(?:messages: )?prompt is too long\b`,
        String.raw`input length and .max_tokens. exceed context limit`,
        String.raw`the input token count \(\d+\) exceeds the maximum number of tokens allowed`,
        String.raw`this model's maximum (?:prompt|context) length is \d+`,
        String.raw`this endpoint's maximum context length is \d+`,
        String.raw`(?:the )?maximum context length is \d+`,
        String.raw`please reduce the length of the messages or completion`,
        String.raw`(?:the )?request(?: \(\d+ tokens\))? exceeds the available context size`,
        String.raw`[\w ,.']{0,200}greater than the context length`,
        String.raw`prompt token count of \d+ exceeds the limit of \d+`,
        String.raw`(?:invalid params, )?context window exceeds limit`,
        String.raw`(?:invalid request: )?your request exceeded model token limit`,
        String.raw`prompt contains \d+ tokens[\w ,.]{0,80} too large for model with \d+ maximum context length`,
        String.raw`input is too long for requested model`,
        String.raw`range of input length should be \[`,
        String.raw`(?:the )?prompt (?:exceeds max length|超长)`,
        String.raw`length of prompt_tokens \(\d+\) must be less than max_seq_len`,
        String.raw`trying to keep the first \d+ tokens when context the overflows`,
        String.raw`the decoder prompt \(length \d+\) is longer than the maximum model length`,
        String.raw`you passed \d+ input tokens and requested \d+ output tokens\. however, the model's context length`,
        String.raw`the input \(\d+ tokens\) is longer than the model's context length`,
        String.raw`requested token count exceeds the model's maximum context length`,
        String.raw`prompt too long; exceeded (?:max )?context length`,
        String.raw`the input length exceeds the context length`,
      ].join("|")})`,
      "iu",
    ),
    data: nothing,
    samples: [
      {
        source: "Anthropic",
        status: 400,
        body: anthropic("prompt is too long: 213462 tokens > 200000 maximum"),
      },
      {
        source: "Anthropic, input and output together",
        status: 400,
        body: anthropic(
          "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again",
        ),
      },
      {
        source: "Google",
        status: 400,
        body: {
          error: {
            code: 400,
            message:
              "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            status: "INVALID_ARGUMENT",
          },
        },
      },
      {
        source: "xAI",
        status: 400,
        body: {
          code: "Client specified an invalid argument",
          error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
        },
      },
      {
        source: "Groq",
        status: 400,
        body: openai("Please reduce the length of the messages or completion.", null, "input"),
      },
      {
        source: "OpenRouter",
        status: 400,
        body: {
          error: {
            code: 400,
            message:
              "This endpoint's maximum context length is 128000 tokens. However, you requested about 140000 tokens.",
          },
        },
      },
      {
        source: "LM Studio",
        status: 400,
        body: {
          error: "The number of tokens to keep from the initial prompt is greater than the context length.",
        },
      },
      {
        source: "Copilot",
        status: 400,
        body: { error: { message: "prompt token count of 141000 exceeds the limit of 128000" } },
      },
      {
        source: "MiniMax",
        status: 400,
        body: { error: { message: "invalid params, context window exceeds limit (2013)" } },
      },
      {
        source: "Kimi",
        status: 400,
        body: {
          error: {
            message: "Invalid request: Your request exceeded model token limit: 262144 (requested: 291351)",
          },
        },
      },
      {
        source: "Mistral",
        status: 400,
        body: {
          message:
            "Prompt contains 140000 tokens and 0 draft tokens, too large for model with 131072 maximum context length",
        },
      },
      {
        source: "DeepSeek",
        status: 400,
        body: openai(
          "This model's maximum context length is 131072 tokens. However, you requested 140112 tokens (131920 in the messages, 8192 in the completion). Please reduce the length of the messages or completion.",
          "invalid_request_error",
          "input",
        ),
      },
      {
        source: "OpenRouter, the upstream's body in metadata.raw",
        status: 400,
        body: {
          error: {
            message: "Provider returned error",
            code: 400,
            metadata: {
              provider_name: "DeepInfra",
              raw: '{"error":{"message":"This model\'s maximum context length is 40960 tokens. However, your messages resulted in 41300 tokens.","type":"BadRequestError","code":400}}',
            },
          },
          user_id: "user_1",
        },
      },
      {
        source: "LiteLLM",
        status: 400,
        body: openai(
          "litellm.BadRequestError: OpenAIException - This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens. Please reduce the length of the messages.",
          "400",
          "input",
        ),
      },
      {
        source: "llama.cpp, in a stream",
        event: "error",
        body: {
          error: {
            code: 400,
            message:
              "request (9001 tokens) exceeds the available context size (8192 tokens), try increasing it",
          },
        },
      },
      {
        source: "LM Studio",
        status: 400,
        body: {
          error:
            "Trying to keep the first 5120 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
        },
      },
      {
        source: "vLLM",
        status: 400,
        body: {
          object: "error",
          message:
            "You passed 40001 input tokens and requested 0 output tokens. However, the model's context length is only 40000 tokens, resulting in a maximum input length of 40000 tokens.",
          type: "BadRequestError",
          code: 400,
        },
      },
      {
        source: "SGLang",
        status: 400,
        body: {
          object: "error",
          message: "The input (40000 tokens) is longer than the model's context length (32768 tokens).",
          type: "BadRequest",
          code: 400,
        },
      },
      {
        source: "DashScope",
        status: 400,
        body: openai(
          "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 98304]",
          "invalid_parameter_error",
          "input",
        ),
      },
      {
        source: "Zhipu",
        status: 400,
        body: { error: { code: "1261", message: "Prompt exceeds max length" } },
      },
      {
        source: "Zhipu, in Chinese (docs.bigmodel.cn/cn/api/api-code)",
        status: 400,
        body: { error: { code: "1261", message: "Prompt 超长" } },
      },
      {
        source: "SiliconFlow (langgenius/dify#19394)",
        status: 400,
        body: {
          code: 20015,
          message: "length of prompt_tokens (57535) must be less than max_seq_len (32768).",
          data: null,
        },
      },
      { source: "Bedrock", status: 400, body: { message: "Input is too long for requested model." } },
    ],
  },
];
