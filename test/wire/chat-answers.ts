// What an endpoint of the Chat Completions API sends, and what the provider tells of it.
import { chatProvider } from "../../src/provider/chat/provider.ts";
import type { ProviderEvent } from "../../src/provider.ts";
import { ask, type Asked, items } from "./ask.ts";
import { bodyOf, serve } from "./upstream.ts";

export const chunk = (choice: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", model: "m-1", choices: [{ index: 0, ...choice }], ...more })}\n\n`;
export const done = "data: [DONE]\n\n";
export const stop = chunk({ delta: {}, finish_reason: "stop" });
export const callDelta = (index: number | undefined, args: string, id?: string, name?: string): string =>
  chunk({
    delta: {
      tool_calls: [
        {
          ...(index !== undefined && { index }),
          ...(id !== undefined && { id }),
          function: { ...(name !== undefined && { name }), arguments: args },
        },
      ],
    },
  });

/** What the provider tells of an answer with this body. */
export async function told(
  body: string,
  asked: Asked = {},
  type = "text/event-stream",
  status = 200,
): Promise<ProviderEvent[]> {
  const url = await serve(async (incoming, response) => {
    await bodyOf(incoming);
    response.writeHead(status, { "content-type": type }).end(body);
  });
  return ask(url, { make: chatProvider, ...asked });
}

export const callIds = (events: ProviderEvent[]): unknown[] =>
  items(events).map((item) => (item as { call_id?: string }).call_id);
