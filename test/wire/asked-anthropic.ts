// One request through the provider of Anthropic's wire, to an endpoint whose answer a test gives.
import type { IncomingMessage } from "node:http";
import { anthropicProvider } from "../../src/provider/anthropic/provider.ts";
import type { WireOptions } from "../../src/provider/wire/provider.ts";
import type { ModelRequest, ProviderEvent } from "../../src/provider.ts";
import { ask as askOf } from "./ask.ts";
import {
  messageEnd,
  messageStart,
  ping,
  redactedBlock,
  textBlock,
  thinkingBlock,
  toolUseBlock,
} from "./messages-api.ts";
import { bodyOf, serve } from "./upstream.ts";

const request: Partial<ModelRequest> = {
  model: "claude-sonnet-4-5",
  tools: [
    { type: "function", name: "shell_command", description: "runs", parameters: { type: "object" } },
    { type: "custom", name: "apply_patch", description: "patches" },
  ],
};

export const ask = (
  baseUrl: string,
  change: Partial<ModelRequest> = {},
  options: Partial<WireOptions> = {},
): Promise<ProviderEvent[]> =>
  askOf(baseUrl, {
    make: anthropicProvider,
    options: { contract: "anthropic", ...options },
    change: { ...request, ...change },
  });

export interface Sent {
  url: string;
  head?: IncomingMessage;
  body: Record<string, unknown>;
}

/** An upstream that answers with these events and keeps what it was sent. */
export async function upstream(stream: string): Promise<Sent> {
  const sent: Sent = { url: "", body: {} };
  sent.url = await serve(async (incoming, response) => {
    sent.head = incoming;
    sent.body = JSON.parse(await bodyOf(incoming)) as Record<string, unknown>;
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" }).end(stream);
  });
  return sent;
}

/** An answer with a block of each kind. */
export const whole = [
  messageStart,
  ping,
  thinkingBlock(0, "Let me look.", "EqQBCgIYAhIM+/=="),
  redactedBlock(1, "EmwKAhgBEgy3"),
  textBlock(2, "Hé", "llo"),
  toolUseBlock(3, "toolu_01A", "shell_command", '{"comma', 'nd": "ls"}'),
  toolUseBlock(4, "toolu_01B", "apply_patch", '{"input":"*** Begin Patch\\n"}'),
  toolUseBlock(5, "toolu_01C", "list"),
  messageEnd("tool_use"),
].join("");
