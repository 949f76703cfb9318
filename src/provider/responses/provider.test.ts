import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ModelRequest, ProviderEvent, RequestInput } from "../../provider.ts";
import { responsesProvider, type ResponsesOptions } from "./provider.ts";

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(handler: Handler): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

function input(...items: string[]): RequestInput {
  const bytes = Buffer.from(items.join(","));
  return {
    bytes: bytes.length,
    items: items.length,
    async *chunks() {
      yield bytes;
    },
  };
}

const request: ModelRequest = {
  model: "gpt-test",
  effort: "low",
  instructions: "Be brief.",
  tools: [],
  input: input('{"type":"message","role":"user","content":"hello"}'),
  sealed: true,
  cacheKey: "session-1",
};

async function collect(
  baseUrl: string,
  options: Partial<ResponsesOptions> = {},
  change: Partial<ModelRequest> = {},
): Promise<ProviderEvent[]> {
  const provider = responsesProvider({
    name: "test",
    baseUrl,
    apiKey: "sk-secret-key-1",
    contract: "openai",
    ...options,
  });
  const events: ProviderEvent[] = [];
  for await (const event of provider.stream({ ...request, ...change }, new AbortController().signal))
    events.push(event);
  return events;
}

const sse = (type: string, data: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
const created = sse("response.created", { response: { id: "resp_1", model: "gpt-test-2026" } });
const usage = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 4 },
  output_tokens: 7,
  output_tokens_details: { reasoning_tokens: 3 },
};
const completed = sse("response.completed", {
  response: { id: "resp_1", model: "gpt-test-2026", status: "completed", usage },
});
// Spaces, escapes and an unknown member, which re-stringifying would change.
const rawItem =
  '{ "type":"message", "id":"msg_1","role":"assistant","x_new": 1.0, "content":[{"type":"output_text","text":"h\\u00e9 \\/ ok"}] }';
const itemDone = `event: response.output_item.done\ndata: {"type":"response.output_item.done","output_index":0,"item":${rawItem},"sequence_number":4}\n\n`;

describe("a whole answer", () => {
  it("gives deltas, items byte for byte, and usage, from one POST with the official members", async () => {
    let body = "";
    let head: IncomingMessage | undefined;
    const url = await serve((incoming, response) => {
      head = incoming;
      incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
      incoming.on("end", () => {
        response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
        response.write(created);
        response.write(sse("response.reasoning_summary_text.delta", { delta: "thinking" }));
        response.write(sse("response.output_text.delta", { delta: "hé" }));
        response.write(itemDone);
        response.end(completed);
      });
    });
    const events = await collect(url);
    expect(events.map((event) => event.type)).toEqual([
      "opened",
      "reasoning-delta",
      "text-delta",
      "item",
      "completed",
    ]);
    expect(events[0]).toEqual({ type: "opened", response: "resp_1", model: "gpt-test-2026" });
    const item = events[3] as ProviderEvent & { type: "item" };
    expect(Buffer.from(item.item).toString()).toBe(rawItem);
    expect(item.facts).toMatchObject({ kind: "message", id: "msg_1", role: "assistant" });
    expect(item.model).toBe("gpt-test-2026");
    expect(events[4]).toEqual({
      type: "completed",
      response: "resp_1",
      model: "gpt-test-2026",
      usage: { inputTokens: 10, cachedInputTokens: 4, outputTokens: 7, reasoningTokens: 3 },
    });
    expect(head?.url).toBe("/v1/responses");
    expect(head?.headers).toMatchObject({
      authorization: "Bearer sk-secret-key-1",
      "accept-encoding": "identity",
    });
    expect(Number(head?.headers["content-length"])).toBe(Buffer.byteLength(body));
    expect(JSON.parse(body)).toEqual({
      model: "gpt-test",
      instructions: "Be brief.",
      reasoning: { effort: "low", summary: "auto" },
      include: ["reasoning.encrypted_content"],
      store: false,
      stream: true,
      prompt_cache_key: "session-1",
      input: [{ type: "message", role: "user", content: "hello" }],
    });
  });
});
