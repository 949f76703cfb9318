// What goes over the wire of Chat Completions for a history.
import type { IncomingMessage } from "node:http";
import { expect } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import type { ChatDialect } from "../../src/provider/chat/dialect.ts";
import { chatProvider } from "../../src/provider/chat/provider.ts";
import type { ModelRequest } from "../../src/provider.ts";
import { ask, input, kinds } from "./ask.ts";
import { bodyOf, serve } from "./upstream.ts";

export const answer =
  'data: {"id":"c","choices":[{"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

/** What goes over the wire for this request. */
export async function sent(
  change: Partial<ModelRequest>,
  dialect: Partial<ChatDialect> = {},
): Promise<{ body: JsonObject; head: IncomingMessage; length: number }> {
  let text = "";
  let head: IncomingMessage | undefined;
  const url = await serve(async (incoming, response) => {
    head = incoming;
    text = await bodyOf(incoming);
    response.writeHead(200, { "content-type": "text/event-stream" }).end(answer);
  });
  const events = await ask(url, { make: (options) => chatProvider({ ...options, dialect }), change });
  expect(kinds(events)).toEqual(["opened", "text-delta", "item", "completed"]);
  return { body: JSON.parse(text) as JsonObject, head: head!, length: Buffer.byteLength(text) };
}

export async function messages(
  items: readonly object[],
  dialect?: Partial<ChatDialect>,
  instructions = "",
): Promise<unknown> {
  const { body } = await sent(
    { instructions, input: input(...items.map((item) => JSON.stringify(item))) },
    { endsOnUser: false, ...dialect },
  );
  return body["messages"];
}

export const user = (text: string): object => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});

export const said = (text: string): object => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});

export const call = (id: string, more: object = {}): object => ({
  type: "function_call",
  call_id: id,
  name: "ls",
  arguments: "{}",
  ...more,
});

export const output = (id: string, text: unknown): object => ({
  type: "function_call_output",
  call_id: id,
  output: text,
});

export const toolCall = (id: string, more: object = {}): object => ({
  id,
  type: "function",
  function: { name: "ls", arguments: "{}" },
  ...more,
});

export const thought = (text: string): object => ({
  type: "reasoning",
  summary: [],
  content: [{ type: "reasoning_text", text }],
});
