import { nothing, type Pattern } from "../pattern.ts";
import { retryAfter } from "../times.ts";
import { inputIndex } from "./shape.ts";
import { anthropic, openai } from "./bodies.ts";

/** Images and files that a provider or a model doesn't take. */
export const media: readonly Pattern[] = [
  {
    class: "media-invalid",
    rows: [49],
    text: /^(?:messages\.\d+[\w.]*: )?(?:the image data you provided does not represent a valid image|could not process image|output of tool call should be 'input text'|image exceeds [\d.]+ ?MB maximum|(?:at least one of the )?image dimensions exceed max allowed size)/iu,
    data: inputIndex,
    samples: [
      {
        source: "llama.cpp: an image in a tool's output (ggml-org/llama.cpp#23380, 2026-05)",
        status: 400,
        body: {
          error: {
            code: 400,
            message: "Output of tool call should be 'Input text'",
            type: "invalid_request_error",
          },
        },
        data: {},
      },
      {
        source: "OpenAI",
        status: 400,
        body: openai(
          "The image data you provided does not represent a valid image. Please check your input and try again.",
          "invalid_image",
          "input[7]",
        ),
        data: { index: 7 },
      },
      {
        source: "Anthropic",
        status: 400,
        body: anthropic("messages.0.content.1.image.source.base64.data: Could not process image"),
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: anthropic(
          "messages.3.content.1.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes",
        ),
        data: {},
      },
      {
        source: "Anthropic",
        status: 400,
        body: anthropic(
          "messages.3.content.1.image.source.base64.data: image dimensions exceed max allowed size: 8000 pixels",
        ),
        data: {},
      },
    ],
  },
  {
    class: "media-invalid",
    rows: [49],
    param: /\.image_url(?:\.url)?$/u,
    statuses: [400, 422],
    data: inputIndex,
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: openai("Error while downloading the file.", "invalid_value", "input[2].content[1].image_url"),
        data: { index: 2 },
      },
    ],
  },
  {
    class: "media-invalid",
    rows: [49],
    text: /^invalid 'input\[\d+\]\.[\w.[\]]{1,60}\.image_url'/iu,
    statuses: [400, 422],
    data: inputIndex,
    samples: [
      {
        source: "OpenAI, through a relay that passes on the words alone (can1357/oh-my-pi#389, 2026-03)",
        status: 400,
        body: openai(
          "Invalid 'input[7].content[1].image_url'. Expected a base64-encoded data URL with an image MIME type, but got an invalid base64-encoded value.",
        ),
        data: { index: 7 },
      },
    ],
  },
  {
    class: "media-invalid",
    rows: [49],
    text: /^(?:error while downloading (?:(?:the )?(?:file|image)|https?)|failed to download (?:image|multimodal))\b/iu,
    statuses: [400, 422],
    data: nothing,
    samples: [
      {
        source: "OpenAI: an image at an address (gaoren002/GPT2Image-Pro#34, 2026-06)",
        status: 400,
        body: openai("Error while downloading file. Upstream status code: 407.", "invalid_value", "url"),
        data: {},
      },
      {
        source: "DashScope (agentscope-ai/agentscope-java#2700, 2026-08)",
        status: 400,
        body: openai(
          "<400> InternalError.Algo.InvalidParameter: Failed to download multimodal content",
          "invalid_parameter_error",
        ),
        data: {},
      },
    ],
  },
  {
    // It comes and goes with the same image: another try mostly gets it, and no image has to go.
    class: "overloaded",
    rows: [40],
    text: /^timeout while downloading\b/iu,
    statuses: [400, 422],
    data: retryAfter,
    samples: [
      {
        source: "OpenAI: an image at an address (vercel/ai#8857, 2025-09)",
        status: 400,
        body: openai("Timeout while downloading https://example.com/a.png", "invalid_value", "url"),
        data: {},
      },
    ],
  },
  {
    class: "media-invalid",
    rows: [49],
    text: /^(?:invalid content type\. image_url is only supported|no endpoints found that support image|image input is not supported|this model does not support (?:image|vision)|failed to deserialize the json body into the target type: .{0,80}unknown variant .?image_url|[\w./:-]+ is not a multimodal model)/iu,
    data: nothing,
    samples: [
      {
        source: "OpenAI Chat Completions",
        status: 400,
        body: openai(
          "Invalid content type. image_url is only supported by certain models.",
          null,
          "messages.[1].content.[1].type",
        ),
        data: {},
      },
      {
        source: "OpenRouter",
        status: 404,
        body: { error: { message: "No endpoints found that support image input", code: 404 } },
        data: {},
      },
      {
        source: "llama.cpp",
        status: 500,
        body: {
          error: {
            code: 500,
            message:
              "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
            type: "server_error",
          },
        },
        data: {},
      },
      {
        source: "DeepSeek",
        status: 400,
        body: openai(
          "Failed to deserialize the JSON body into the target type: messages[1]: unknown variant `image_url`, expected `text` at line 1 column 4021",
          "invalid_request_error",
        ),
        data: {},
      },
      {
        source: "vLLM",
        status: 400,
        body: {
          object: "error",
          message: "qwen3-coder is not a multimodal model",
          type: "BadRequestError",
          code: 400,
        },
        data: {},
      },
    ],
  },
];
