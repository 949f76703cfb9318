import { nothing, type Pattern } from "../pattern.ts";

const call = (found: RegExpExecArray | undefined): { call?: string } => {
  const id = found?.groups?.["call"];
  return id === undefined ? {} : { call: id };
};

const invalid = (message: string): object => ({
  error: { message, type: "invalid_request_error", param: "input", code: null },
});

/** Calls without their outputs and outputs without their calls, and reasoning apart from its item. */
export const pairing: readonly Pattern[] = [
  {
    class: "call-without-output",
    rows: [27],
    text: /^no tool output found for [\w ]{0,40}call (?<call>[^\s"']+?)\.?(?:\s|$)/iu,
    data: (_signal, found) => call(found),
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: invalid("No tool output found for function call call_Ab12."),
        data: { call: "call_Ab12" },
      },
      {
        source: "OpenAI",
        status: 400,
        body: invalid("No tool output found for custom tool call call_Cd34."),
        data: { call: "call_Cd34" },
      },
      {
        source: "OpenAI, stream event",
        event: "error",
        body: {
          type: "error",
          error: invalid("No tool output found for function call call_Ab12."),
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
    data: (_signal, found) => call(found),
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: invalid("No tool call found for function call output with call_id call_Ab12."),
        data: { call: "call_Ab12" },
      },
    ],
  },
  {
    class: "call-without-output",
    rows: [29],
    text: /^(?:an assistant message with ['`"]?tool_calls['`"]? must be followed by tool messages|the following tool_call_ids did not have response messages: (?<call>[^\s,"']+))/iu,
    data: (_signal, found) => call(found),
    samples: [
      {
        source: "OpenAI Chat Completions",
        status: 400,
        body: invalid(
          "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: call_1",
        ),
        data: {},
      },
      {
        source: "compatible endpoints",
        status: 400,
        body: invalid("The following tool_call_ids did not have response messages: call_1"),
        data: { call: "call_1" },
      },
    ],
  },
  {
    class: "call-without-output",
    rows: [30],
    text: /^(?:messages\.\d+[\w.]*: )?`?tool_use`? ids were found without `?tool_result`? blocks immediately after: (?<call>[^\s,."']+)/iu,
    data: (_signal, found) => call(found),
    samples: [
      {
        source: "Anthropic",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message:
              "messages.5: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_01A. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
          },
        },
        data: { call: "toolu_01A" },
      },
    ],
  },
  {
    class: "output-without-call",
    rows: [30],
    text: /^(?:messages\.\d+[\w.]*: )?unexpected `?tool_use_id`? found in `?tool_result`? blocks(?:: (?<call>[^\s,."']+))?/iu,
    data: (_signal, found) => call(found),
    samples: [
      {
        source: "Anthropic",
        status: 400,
        body: {
          type: "error",
          error: {
            type: "invalid_request_error",
            message:
              "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_01B.",
          },
        },
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
    class: "reasoning-unpaired",
    rows: [21, 22],
    text: /^item ['"`](?<item>\w+)['"`] of type ['"`]\w+['"`] was provided without its required (?:following item|['"`]reasoning['"`] item: ['"`](?<dependsOn>\w+)['"`])/iu,
    data: (_signal, found) => {
      const { item, dependsOn } = found?.groups ?? {};
      return { ...(item === undefined ? {} : { item }), ...(dependsOn === undefined ? {} : { dependsOn }) };
    },
    samples: [
      {
        source: "OpenAI",
        status: 400,
        body: invalid("Item 'rs_1a' of type 'reasoning' was provided without its required following item."),
        data: { item: "rs_1a" },
      },
      {
        source: "OpenAI, Azure",
        status: 400,
        body: invalid(
          "Item 'fc_2b' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1a'.",
        ),
        data: { item: "fc_2b", dependsOn: "rs_1a" },
      },
    ],
  },
];
