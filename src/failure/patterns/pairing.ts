import { asTold, nothing, type Pattern, words } from "../pattern.ts";
import { callIdLimit } from "../said.ts";
import { anthropic, openai } from "./bodies.ts";

/** Calls without their outputs and outputs without their calls, call ids that a wire doesn't take, and reasoning apart from its item. */
export const pairing: readonly Pattern[] = [
  {
    class: "call-without-output",
    rows: [27],
    text: /^no tool output found for [\w ]{0,40}call (?<call>[^\s"']+?)\.?(?:\s|$)/iu,
    data: asTold("call"),
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: openai("No tool output found for function call call_Ab12.", null, "input"),
        data: { call: "call_Ab12" },
      },
      {
        source: "OpenAI",
        status: 400,
        body: openai("No tool output found for custom tool call call_Cd34.", null, "input"),
        data: { call: "call_Cd34" },
      },
      {
        source: "OpenAI, stream event",
        event: "error",
        body: {
          type: "error",
          error: openai("No tool output found for function call call_Ab12.", null, "input"),
          status: 400,
        },
        data: { call: "call_Ab12" },
      },
    ],
  },
  {
    class: "output-without-call",
    rows: [28],
    text: /^no tool call found for [\w ]{0,40}output with call_id (?<call>[^\s"']+?)\.?(?:\s|$)/iu,
    data: asTold("call"),
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: openai("No tool call found for function call output with call_id call_Ab12.", null, "input"),
        data: { call: "call_Ab12" },
      },
    ],
  },
  {
    class: "call-without-output",
    rows: [29],
    text: /^(?:an assistant message with ['`"]?tool_calls['`"]? must be followed by tool messages|the following tool_call_ids did not have response messages|not the same number of function calls and responses)/iu,
    data: (signal) => {
      const call = /did not have response messages: ([^\s,"']+?)\.?(?:[\s,]|$)/iu.exec(words(signal))?.[1];
      // DashScope names a place where the others name the call.
      return call === undefined || /^messages?\b/u.test(call) ? {} : { call };
    },
    samples: [
      {
        source: "OpenAI Chat Completions",
        status: 400,
        body: openai(
          "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: call_1",
          null,
          "messages.[3].role",
        ),
        data: { call: "call_1" },
      },
      {
        source: "compatible endpoints",
        status: 400,
        body: openai("The following tool_call_ids did not have response messages: call_1, call_2"),
        data: { call: "call_1" },
      },
      {
        source: "DeepSeek (agno-agi/agno#3105, 2025-05)",
        status: 400,
        body: openai(
          "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. (insufficient tool messages following tool_calls message)",
        ),
        data: {},
      },
      {
        source: "DashScope (QwenLM/qwen-code#606, 2025-09), which names a place instead of the call",
        status: 400,
        body: openai(
          '<400> InternalError.Algo.InvalidParameter: An assistant message with "tool_calls" must be followed by tool messages responding to each "tool_call_id". The following tool_call_ids did not have response messages: message[532].role',
        ),
        data: {},
      },
      {
        source: "Mistral",
        status: 400,
        body: {
          object: "error",
          message: "Not the same number of function calls and responses",
          type: "invalid_request_error",
          param: null,
          code: "3230",
        },
        data: {},
      },
    ],
  },
  {
    class: "output-without-call",
    rows: [29],
    text: /^(?:invalid parameter: )?(?:messages with role ['"`]tool['"`] must be a response to a prece+ding message with|['"`]tool_call_id['"`] of ['"`](?<call>[^'"`]+)['"`] not found in)/iu,
    data: asTold("call"),
    samples: [
      {
        source: "OpenAI Chat Completions",
        status: 400,
        body: openai(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          null,
          "messages.[3].role",
        ),
        data: {},
      },
      {
        source: "OpenAI Chat Completions",
        status: 400,
        body: openai(
          "Invalid parameter: 'tool_call_id' of 'call_9' not found in 'tool_calls' of previous message.",
          null,
          "messages.[4].tool_call_id",
        ),
        data: { call: "call_9" },
      },
      {
        source: "DeepSeek (itmisx/deepx-code#94, 2026-06)",
        status: 400,
        body: openai("Messages with role 'tool' must be a response to a preceding message with 'tool_calls'"),
        data: {},
      },
    ],
  },
  {
    class: "call-without-output",
    rows: [30],
    text: /^(?:messages\.\d+[\w.]*: )?`?tool_use`? ids were found without `?tool_result`? blocks immediately after: (?<call>[^\s,."']+)/iu,
    data: asTold("call"),
    samples: [
      {
        source: "Anthropic",
        status: 400,
        body: anthropic(
          "messages.5: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_01A. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        ),
        data: { call: "toolu_01A" },
      },
    ],
  },
  {
    class: "output-without-call",
    rows: [30],
    text: /^(?:messages\.\d+[\w.]*: )?unexpected `?tool_use_id`? found in `?(?:\w+_)?tool_result`? blocks(?:: (?<call>[^\s,."']+))?/iu,
    data: asTold("call"),
    samples: [
      {
        source: "Anthropic",
        status: 400,
        body: anthropic(
          "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_01B.",
        ),
        data: { call: "toolu_01B" },
      },
    ],
  },
  {
    class: "call-without-output",
    rows: [31],
    text: /^please ensure that the number of function response parts is equal to the number of function call parts/iu,
    data: nothing,
    samples: [
      {
        source: "Gemini",
        status: 400,
        body: {
          error: {
            code: 400,
            message:
              "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
            status: "INVALID_ARGUMENT",
          },
        },
        data: {},
      },
    ],
  },
  {
    class: "item-id-invalid",
    rows: [25],
    text: /^(?:invalid ['"`]messages\[\d+\]\.tool_call(?:s\[\d+\]\.id|_id)['"`]: string too long|tool call id was \S+ but must be )/iu,
    data: (signal) => callIdLimit(words(signal)),
    samples: [
      {
        source: "OpenAI Chat Completions (agno-agi/agno#5382, 2025-11)",
        status: 400,
        body: openai(
          "Invalid 'messages[10].tool_calls[0].id': string too long. Expected a string with maximum length 40, but got a string with length 53 instead.",
          "string_above_max_length",
          "messages[10].tool_calls[0].id",
        ),
        data: { limit: 40 },
      },
      {
        source: "LiteLLM, which takes it for an overflow (microsoft/autogen#6377, 2025-04)",
        status: 400,
        body: openai(
          "litellm.ContextWindowExceededError: litellm.BadRequestError: ContextWindowExceededError: OpenAIException - Invalid 'messages[3].tool_calls[0].id': string too long. Expected a string with maximum length 40, but got a string with length 41 instead.",
          "400",
        ),
        data: { limit: 40 },
      },
      {
        source: "Mistral",
        status: 400,
        body: {
          object: "error",
          message: "Tool call id was call_ab12 but must be a-z, A-Z, 0-9, with a length of 9.",
          type: "invalid_request_message_order",
          param: null,
          code: "3280",
        },
        data: { limit: 9 },
      },
    ],
  },
  {
    class: "reasoning-unpaired",
    rows: [21, 22],
    text: /^item ['"`](?<item>\w+)['"`] of type ['"`]\w+['"`] was provided without its required (?:following item|['"`]reasoning['"`] item: ['"`](?<dependsOn>\w+)['"`])/iu,
    data: asTold("item", "dependsOn"),
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: openai(
          "Item 'rs_1a' of type 'reasoning' was provided without its required following item.",
          null,
          "input",
        ),
        data: { item: "rs_1a" },
      },
      {
        source: "OpenAI, Azure",
        status: 400,
        body: openai(
          "Item 'fc_2b' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1a'.",
          null,
          "input",
        ),
        data: { item: "fc_2b", dependsOn: "rs_1a" },
      },
    ],
  },
];
