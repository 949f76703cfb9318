import type { Pattern } from "../pattern.ts";
import { openai } from "./bodies.ts";

/** Tools as a parameter's name: `tools[web_search]`, those of that type or name, `tools[name=image_gen]`, or all others, `tools[!function]`. */
const toolsNamed = (named: string): { parameter: string } => ({ parameter: `tools[${named}]` });

/** Kinds of tools that an endpoint doesn't take; Codex sends more of them with every release (2026). */
export const tools: readonly Pattern[] = [
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^(?:'type' of tool must be 'function'|only `?type: ?"function"`? tools are supported|only function tools are (?:supported|allowed)|malformed request: failed to parse json for [^:]{1,80}: unknown tool type$)/iu,
    data: () => toolsNamed("!function"),
    samples: [
      {
        source: "Coder's AI Bridge (coder/coder#28656, 2026-08)",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "BadRequest",
            code: "400",
            message: "malformed request: failed to parse JSON for /v1/responses: unknown tool type",
          },
        },
        data: { parameter: "tools[!function]" },
      },
      {
        source: "llama.cpp (ggml-org/llama.cpp#20156, 2026-04)",
        status: 400,
        body: {
          error: { code: 400, message: "'type' of tool must be 'function'", type: "invalid_request_error" },
        },
        data: { parameter: "tools[!function]" },
      },
      {
        source: "Command Code (CommandCodeAI/command-code#885, 2026-09)",
        status: 400,
        body: openai(
          'Only `type:"function"` tools are supported on this endpoint. Built-in tools (web_search, file_search, code_interpreter, computer_use, mcp) are not executed here.',
          null,
          "tools.8.type",
        ),
        data: { parameter: "tools[!function]" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^(?:the requested tool|(?:hosted |built-in )?tool(?: type)?:?|unsupported tool(?: type)?:?|unknown tool type:?|invalid tool type:?) ?['"`]?(?<kind>(?!(?:choice|calls?|calling|use|outputs?|results?|messages?|names?|parameters?|types?|is|are)\b)[a-z]\w+)['"`]?(?:[.,]?$|[.,]? (?:is |are )?not (?:supported|available|allowed)|[.,]? is unsupported|[.,] )/iu,
    data: (_signal, _now, { kind = "" }) => toolsNamed(kind),
    samples: [
      {
        source: "GitHub Copilot, quoted by copilot-api (caozhiyuan/copilot-api#206, 2026-04)",
        status: 400,
        body: {
          error: {
            message:
              '{"error":{"message":"The requested tool image_generation is not supported.","code":"unsupported_value","param":"tools","type":"invalid_request_error"}}\n',
            type: "error",
          },
        },
        data: { parameter: "tools[image_generation]" },
      },
      {
        source: "MiMo (openai/codex#30557, 2026-06)",
        status: 400,
        body: openai("tool type 'image_generation' is not supported by this gateway phase"),
        data: { parameter: "tools[image_generation]" },
      },
      {
        source: "OpenAI",
        status: 400,
        body: openai("Hosted tool 'web_search_preview' is not supported with gpt-5-nano.", null, "tools"),
        data: { parameter: "tools[web_search_preview]" },
      },
      {
        source: "compatible endpoints",
        status: 400,
        body: { detail: "Unsupported tool type: local_shell" },
        data: { parameter: "tools[local_shell]" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^invalid value: 'tools(?:\.namespace)?'\. (?:user-defined namespace|function) '(?<name>\w+)[.']/iu,
    data: (_signal, _now, { name }) => toolsNamed(`name=${name}`),
    samples: [
      {
        source: "GitHub Copilot (caozhiyuan/copilot-api#312, 2026-07)",
        status: 400,
        body: openai(
          "Invalid Value: 'tools.namespace'. User-defined namespace 'image_gen' collides with an existing tool namespace.",
          null,
          "tools.namespace",
        ),
        data: { parameter: "tools[name=image_gen]" },
      },
      {
        source: "ChatGPT backend (jlcodes99/cockpit-tools#1458, 2026-07)",
        status: 400,
        body: openai(
          "Invalid Value: 'tools'. Function 'image_gen.imagegen' conflicts with a hosted tool in the same request.",
          null,
          "tools",
        ),
        data: { parameter: "tools[name=image_gen]" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    codes: ["invalid_value"],
    param: /^tools\[\d+\]\.type$/u,
    text: /^invalid value: '(?<kind>\w+)'/iu,
    data: (_signal, _now, { kind = "" }) => toolsNamed(kind),
    samples: [
      {
        source: "Responses",
        status: 400,
        body: openai(
          "Invalid value: 'namespace'. Supported values are: 'function', 'custom', and 'web_search'.",
          "invalid_value",
          "tools[4].type",
        ),
        data: { parameter: "tools[namespace]" },
      },
    ],
  },
  {
    // A tool that a check of the request didn't take, named by its place alone.
    class: "parameter-unsupported",
    rows: [47],
    statuses: [400, 422],
    param: /^tools\[\d+\](?:\.type)?$/u,
    data: (signal) => ({ parameter: /^tools\[\d+\]/u.exec(signal.param ?? "")?.[0] ?? "" }),
    samples: [
      {
        source: "OpenRouter (openai/codex#18307, 2026-04)",
        status: 400,
        body: {
          error: { code: "invalid_prompt", message: "Invalid Responses API request" },
          metadata: {
            raw: JSON.stringify([
              {
                code: "invalid_union",
                errors: [
                  [{ code: "invalid_union", errors: [], note: "No matching discriminator", path: ["type"] }],
                ],
                path: ["tools", 3],
                message: "Invalid input",
              },
            ]),
          },
        },
        data: { parameter: "tools[3]" },
      },
      {
        source: "FastAPI servers (SGLang, vLLM)",
        status: 422,
        body: {
          detail: [
            { type: "literal_error", loc: ["body", "tools", 2, "type"], msg: "Input should be 'function'" },
          ],
        },
        data: { parameter: "tools[2]" },
      },
    ],
  },
  {
    // The same where the place stands in the words, or nowhere.
    class: "parameter-unsupported",
    rows: [47],
    text: /^failed to deserialize the json body into the target type: tools(?:\[(?<place>\d+)\])?(?:\.type)?: (?:unknown variant|data did not match|invalid type)/iu,
    data: (_signal, _now, { place = "!function" }) => toolsNamed(place),
    samples: [
      {
        source: "servers in Rust",
        status: 422,
        body: {
          error: {
            message:
              "Failed to deserialize the JSON body into the target type: tools[3]: unknown variant `namespace`, expected `function` at line 1 column 5120",
            type: "invalid_request_error",
          },
        },
        data: { parameter: "tools[3]" },
      },
      {
        source: "Dynamo (ai-dynamo/dynamo#10963, 2026-06)",
        status: 400,
        body: openai(
          "Failed to deserialize the JSON body into the target type: tools: data did not match any variant of untagged enum ToolParam at line 1 column 833",
        ),
        data: { parameter: "tools[!function]" },
      },
    ],
  },
  {
    // A tool that is refused for what it says of itself: each request that offers it would be.
    class: "parameter-unsupported",
    rows: [47],
    text: /^(?:invalid schema for function '(?<name>[\w-]+)'|invalid 'tools\[(?<place>\d+)\]\.name'|(?<name>[\w-]+): tool parameter root must be an object type\b)/iu,
    data: (_signal, _now, { name, place = "" }) => toolsNamed(name === undefined ? place : `name=${name}`),
    samples: [
      {
        source: "DeepSeek behind CC Switch, of a tool in a namespace (farion1231/cc-switch#5354, 2026-07)",
        status: 400,
        body: openai(
          `CC Switch local proxy failed while handling Codex endpoint /responses. Provider: DeepSeek; model: deepseek-v4-flash; upstream_status: HTTP 400; cause: Invalid schema for function 'codex_app__automation_update': schema must be a JSON Schema of 'type: "object"', got 'type: null'.`,
          "cc_switch_upstream_error",
        ),
        data: { parameter: "tools[name=codex_app__automation_update]" },
      },
      {
        source: "Grok behind CC Switch (chenyme/grok2api#650, 2026-07)",
        status: 400,
        body: openai(
          "CC Switch local proxy failed while handling Codex endpoint /responses. Provider: vip copy; model: grok-4.5; upstream_status: HTTP 400; cause: codex_app__automation_update: tool parameter root must be an object type (root schema is an anyOf/oneOf union with a non-object branch)",
          "cc_switch_upstream_error",
        ),
        data: { parameter: "tools[name=codex_app__automation_update]" },
      },
      {
        source: "OpenAI, of a tool that Codex Desktop brought (Wei-Shaw/sub2api#5364, 2026-08)",
        status: 400,
        body: openai(
          "Invalid schema for function 'automation_update': None is not valid under any of the given schemas.",
          "invalid_function_parameters",
          "tools[7].parameters",
        ),
        data: { parameter: "tools[name=automation_update]" },
      },
      {
        source: "Bedrock (BerriAI/litellm#36545, 2026-08)",
        status: 400,
        body: openai(
          "Invalid 'tools[1].name': 'functions' is a reserved namespace.",
          "invalid_value",
          "tools[1].name",
        ),
        data: { parameter: "tools[1]" },
      },
    ],
  },
  {
    // Of one that says too little of itself, or too much, only what it says is refused.
    class: "parameter-unsupported",
    rows: [47],
    text: /^invalid '(?:input\[\d+\]\.)?tools\[(?<place>\d+)\](?:\.function)?\.description'/iu,
    data: (_signal, _now, { place }) => ({ parameter: `tools[${place}].description` }),
    samples: [
      {
        source: "Azure, of tools that came as an item (openai/codex#37432, 2026-08)",
        status: 400,
        body: openai(
          "Invalid 'input[0].tools[0].description': empty string. Expected a string with minimum length 1, but got an empty string instead.",
          "empty_string",
          "input[0].tools[0].description",
        ),
        data: { parameter: "tools[0].description" },
      },
    ],
  },
  {
    // Kimi says no more than that there is one.
    class: "parameter-unsupported",
    rows: [47],
    text: /^tools\.function\.parameters\.type is required and must be "object"/iu,
    data: () => toolsNamed("parameters!=object"),
    samples: [
      {
        source: "Kimi behind CC Switch (farion1231/cc-switch#5809, 2026-07)",
        status: 400,
        body: openai(
          'CC Switch local proxy failed while handling Codex endpoint /responses. Provider: Kimi; model: kimi-k2.7-code; upstream_status: HTTP 400; cause: Invalid request: tools.function.parameters.type is required and must be "object"',
          "cc_switch_upstream_error",
        ),
        data: { parameter: "tools[parameters!=object]" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^tool choice '[^']+' not found in 'tools' parameter/iu,
    data: () => ({ parameter: "tool_choice" }),
    samples: [
      {
        source: "ChatGPT backend (NousResearch/hermes-agent#49008, 2026-06)",
        status: 400,
        body: openai("Tool choice 'image_generation' not found in 'tools' parameter.", null, "tool_choice"),
        data: { parameter: "tool_choice" },
      },
    ],
  },
  {
    // A member of a tool, whichever tool has it.
    class: "parameter-unsupported",
    rows: [47],
    codes: ["unknown_parameter", "unsupported_parameter", "extra_forbidden"],
    param: /^tools\[\d+\](?:\.function)?\.\w+$/u,
    data: (signal) => ({ parameter: `tools[].${/\w+$/u.exec(signal.param ?? "")?.[0]}` }),
    samples: [
      {
        source: "compatible endpoints",
        status: 400,
        body: openai("Unknown parameter: 'tools[0].strict'.", "unknown_parameter", "tools[0].strict"),
        data: { parameter: "tools[].strict" },
      },
    ],
  },
  {
    class: "parameter-unsupported",
    rows: [47],
    text: /^the following tools cannot be used with [\w.]+ '\w+': (?<kind>\w+)/iu,
    data: (_signal, _now, { kind = "" }) => toolsNamed(kind),
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: openai(
          "The following tools cannot be used with reasoning.effort 'minimal': web_search.",
          null,
          "tools",
        ),
        data: { parameter: "tools[web_search]" },
      },
    ],
  },
];
