import { describe, expect, it } from "vitest";
import {
  messageEnd,
  messageStart,
  ping,
  textBlock,
  thinkingBlock,
  toolUseBlock,
} from "../../../test/wire/messages-api.ts";
import { sse } from "../../../test/wire/upstream.ts";
import { providerConformance } from "../conformance.ts";
import { anthropicProvider } from "./provider.ts";

const error = (type: string, message: string): object => ({ type: "error", error: { type, message } });

const answer = [
  messageStart,
  thinkingBlock(0, "Let me see.", "EqQBCgIYAhIM+/=="),
  textBlock(1, "Hé", "llo 🙂"),
  toolUseBlock(2, "toolu_1", "shell_command", '{"command":', '"ls"}'),
  messageEnd("tool_use"),
].flatMap((events) => events.split(/(?<=\n\n)/u));

providerConformance(
  "the Anthropic provider",
  {
    make: (options) => anthropicProvider({ name: "test", contract: "anthropic", ...options }),
    answer,
    // `message_stop` may be missing.
    wholeAfter: answer.length - 1,
    items: [
      '{"type":"reasoning","id":"rs_msg_01ABC_0","summary":[],"content":[{"type":"reasoning_text","text":"Let me see."}],"encrypted_content":"EqQBCgIYAhIM+/==","format":"anthropic-thinking-v1"}',
      '{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Héllo 🙂"}]}',
      '{"type":"function_call","call_id":"toolu_1","name":"shell_command","arguments":"{\\"command\\":\\"ls\\"}"}',
    ],
    itemsAfter: answer.flatMap((event, at) => (event.includes("content_block_stop") ? [at + 1] : [])),
    delta: (text) => sse("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
    deltaAfter: 2,
    heartbeat: ping,
    failures: [
      {
        event: sse("error", { error: { type: "overloaded_error", message: "Overloaded" } }),
        class: "overloaded",
      },
      { event: messageEnd("max_tokens"), class: "output-limit" },
      { event: messageEnd("refusal"), class: "refusal" },
      { event: 'event: message_delta\ndata: {"type":\n\n', class: "transport-interrupted" },
    ],
    refusals: [
      { status: 429, body: error("rate_limit_error", "This request would exceed …"), class: "rate-limit" },
      {
        status: 429,
        headers: { "anthropic-ratelimit-unified-5h-status": "rejected" },
        body: error("rate_limit_error", "This request would exceed your account's rate limit."),
        class: "usage-limit",
      },
      { status: 529, body: error("overloaded_error", "Overloaded"), class: "overloaded" },
      { status: 401, body: error("authentication_error", "invalid x-api-key"), class: "auth-denied" },
      { status: 404, body: error("not_found_error", "model: claude-9"), class: "model-missing" },
      {
        status: 400,
        body: error("invalid_request_error", "prompt is too long: 213462 tokens > 200000 maximum"),
        class: "context-overflow",
      },
      {
        status: 400,
        body: error("invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block"),
        class: "thinking-signature-rejected",
      },
      { status: 502, body: "<html><title>502 Bad Gateway</title></html>", class: "overloaded" },
    ],
  },
  { describe, expect, it },
);
