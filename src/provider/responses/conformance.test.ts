import { describe, expect, it } from "vitest";
import { completed, created, delta, itemDone, sse } from "../../../test/wire/upstream.ts";
import { providerConformance } from "../conformance.ts";
import { responsesProvider } from "./provider.ts";

const message =
  '{ "type":"message", "id":"msg_1","role":"assistant","x_new": 1.0, "content":[{"type":"output_text","text":"h\\u00e9 \\/ é"}] }';
const call =
  '{"type":"function_call","id":"fc_1","call_id":"call_1","name":"shell_command","arguments":"{}"}';

providerConformance(
  "the Responses provider",
  {
    make: (options) => responsesProvider({ name: "test", contract: "openai", ...options }),
    answer: [
      created,
      sse("response.reasoning_summary_text.delta", { delta: "thinking" }),
      delta("hé / "),
      delta("é"),
      itemDone(message),
      itemDone(call),
      completed,
    ],
    items: [message, call],
    itemsAfter: [5, 6],
    delta,
    deltaAfter: 1,
    heartbeat: ": ping\n\n",
    failures: [
      {
        event: sse("response.failed", {
          response: { error: { code: "server_error", message: "An error occurred." } },
        }),
        class: "overloaded",
      },
      {
        event: sse("error", {
          error: { code: "invalid_encrypted_content", message: "refused" },
          status: 400,
        }),
        class: "sealed-reasoning-rejected",
      },
      {
        event: sse("response.incomplete", {
          response: { incomplete_details: { reason: "max_output_tokens" } },
        }),
        class: "output-limit",
      },
      { event: 'data: {"type":\n\n', class: "transport-interrupted" },
    ],
    refusals: [
      {
        status: 400,
        body: {
          error: {
            message: "The encrypted content gAAA...c90= could not be verified.",
            type: "invalid_request_error",
            param: null,
            code: "invalid_encrypted_content",
          },
        },
        class: "sealed-reasoning-rejected",
      },
      {
        status: 429,
        headers: { "retry-after": "3" },
        body: { error: { message: "Rate limit reached", type: "tokens", code: "rate_limit_exceeded" } },
        class: "rate-limit",
      },
      {
        status: 429,
        body: { error: { type: "usage_limit_reached", message: "The usage limit has been reached" } },
        class: "usage-limit",
      },
      { status: 503, body: { error: { code: "slow_down", message: "Slow down." } }, class: "overloaded" },
      { status: 413, body: "", class: "context-overflow" },
      { status: 403, body: "<html><title>Just a moment</title></html>", class: "auth-denied" },
    ],
  },
  { describe, expect, it },
);
