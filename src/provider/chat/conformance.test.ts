import { describe, expect, it } from "vitest";
import { providerConformance } from "../conformance.ts";
import { chatProvider } from "./provider.ts";

const chunk = (choice: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "m-1", choices: [{ index: 0, ...choice }], ...more })}\n\n`;
const text = (content: string): string => chunk({ delta: { content } });
const call = (args: string, first: object = {}): string =>
  chunk({ delta: { tool_calls: [{ index: 0, ...first, function: { arguments: args, ...nameOf(first) } }] } });
const nameOf = (first: object): object => ("id" in first ? { name: "shell_command" } : {});
const error = (message: string, type: string, code: string | null = null): object => ({
  error: { message, type, param: null, code },
});

const answer = [
  chunk({ delta: { role: "assistant", content: "" } }),
  text("Hé"),
  text("llo 🙂"),
  call("", { id: "call_1", type: "function" }),
  call('{"command":'),
  call('"ls"}'),
  chunk({ delta: {}, finish_reason: "tool_calls" }),
  `data: ${JSON.stringify({ id: "chatcmpl-1", choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } })}\n\n`,
  "data: [DONE]\n\n",
];

providerConformance(
  "the Chat Completions provider",
  {
    make: (options) => chatProvider({ name: "test", contract: "chat", ...options }),
    answer,
    // What follows the reason tells the usage and nothing else.
    wholeAfter: 7,
    items: [
      '{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Héllo 🙂"}]}',
      '{"type":"function_call","call_id":"call_1","name":"shell_command","arguments":"{\\"command\\":\\"ls\\"}"}',
    ],
    // The message is whole when a call begins, and the call when its arguments are an object.
    itemsAfter: [4, 6],
    delta: text,
    deltaAfter: 1,
    heartbeat: ": OPENROUTER PROCESSING\n\n",
    failures: [
      {
        event: `data: ${JSON.stringify({ error: { message: "Overloaded", code: 503 } })}\n\n`,
        class: "overloaded",
      },
      { event: chunk({ delta: {}, finish_reason: "length" }), class: "output-limit" },
      { event: chunk({ delta: {}, finish_reason: "content_filter" }), class: "refusal" },
      { event: 'data: {"choices":\n\n', class: "transport-interrupted" },
    ],
    refusals: [
      {
        status: 429,
        headers: { "retry-after": "3" },
        body: error("Rate limit reached for requests", "requests", "rate_limit_exceeded"),
        class: "rate-limit",
      },
      {
        status: 429,
        body: error("You exceeded your current quota, …", "insufficient_quota", "insufficient_quota"),
        class: "billing",
      },
      {
        status: 400,
        body: error(
          "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.",
          "invalid_request_error",
        ),
        class: "call-without-output",
      },
      {
        status: 400,
        body: error("This model's maximum context length is 65536 tokens.", "invalid_request_error"),
        class: "context-overflow",
      },
      { status: 503, body: "", class: "overloaded" },
    ],
  },
  { describe, expect, it },
);
