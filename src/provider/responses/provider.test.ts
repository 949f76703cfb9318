import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Failure } from "../../failure.ts";
import type { ProviderEvent } from "../../provider.ts";
import { ask, failureOf, input, key, kinds, largeInput, request } from "../../../test/wire/ask.ts";
import {
  bodyOf,
  closeServers,
  completed,
  created,
  delta,
  itemDone,
  serve,
  sse,
  usage,
} from "../../../test/wire/upstream.ts";
import { responsesProvider } from "./provider.ts";

afterEach(closeServers);

// Spaces, escapes and an unknown member, which re-stringifying would change.
const rawItem =
  '{ "type":"message", "id":"msg_1","role":"assistant","x_new": 1.0, "content":[{"type":"output_text","text":"h\\u00e9 \\/ ok é"}] }';

const itemText = (event: ProviderEvent | undefined): string =>
  event?.type === "item" ? Buffer.from(event.item).toString() : "";

describe("a whole answer", () => {
  it("gives deltas, items byte for byte, and usage, from one POST with the official members", async () => {
    let body = "";
    let head: IncomingMessage | undefined;
    const url = await serve(async (incoming, response) => {
      head = incoming;
      body = await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      response.write(created);
      response.write(sse("response.reasoning_summary_text.delta", { delta: "thinking" }));
      response.write(delta("hé"));
      response.write(itemDone(rawItem));
      response.end(completed);
    });
    const events = await ask(url);
    expect(kinds(events)).toEqual(["opened", "reasoning-delta", "text-delta", "item", "completed"]);
    expect(events[0]).toEqual({ type: "opened", response: "resp_1", model: "gpt-test-2026" });
    expect(itemText(events[3])).toBe(rawItem);
    expect(events[3]).toMatchObject({
      facts: { kind: "message", id: "msg_1", role: "assistant" },
      model: "gpt-test-2026",
    });
    expect(events[4]).toEqual({
      type: "completed",
      response: "resp_1",
      model: "gpt-test-2026",
      usage: { inputTokens: 10, cachedInputTokens: 4, outputTokens: 7, reasoningTokens: 3 },
    });
    expect(head?.url).toBe("/v1/responses");
    expect(head?.headers).toMatchObject({ authorization: `Bearer ${key}`, "accept-encoding": "identity" });
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

  it("sends tools, and neither reasoning nor include where they were not asked for", async () => {
    let body = "";
    const url = await serve(async (incoming, response) => {
      body = await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" }).end(completed);
    });
    const tools = [
      {
        type: "function" as const,
        name: "shell_command",
        description: "runs",
        parameters: { type: "object" },
      },
    ];
    const { effort: _effort, ...plain } = request;
    const provider = responsesProvider({
      name: "test",
      baseUrl: `${url}/?api-version=1`,
      contract: "openai",
    });
    const sent = { ...plain, tools, sealed: false, input: input() };
    for await (const event of provider.stream(sent, new AbortController().signal))
      expect(event.type).toBe("completed");
    expect(JSON.parse(body)).toEqual({
      model: "gpt-test",
      instructions: "Be brief.",
      tools,
      tool_choice: "auto",
      parallel_tool_calls: true,
      store: false,
      stream: true,
      prompt_cache_key: "session-1",
      input: [],
    });
    for (const [stored, members] of [
      [{}, { store: true }],
      [{ previous: "resp_1" }, { store: true, previous_response_id: "resp_1" }],
    ] as const) {
      for await (const event of provider.stream({ ...sent, stored }, new AbortController().signal))
        expect(event.type).toBe("completed");
      expect(JSON.parse(body)).toMatchObject(members);
      expect(Object.hasOwn(JSON.parse(body) as object, "previous_response_id")).toBe(
        "previous_response_id" in members,
      );
    }
  });

  it("is read the same when it arrives byte by byte, with CRLF line ends and comments", async () => {
    const text =
      `: hello\r\n\r\n${created}${delta("é→🙂")}: ping\n\n${itemDone(rawItem)}${completed}`.replaceAll(
        /\r?\n/gu,
        "\r\n",
      );
    const url = await serve(async (_incoming, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.socket?.setNoDelay(true);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += 7) {
        response.write(bytes.subarray(at, at + 7));
        if (at % 49 === 0) await new Promise(setImmediate);
      }
      response.end();
    });
    const events = await ask(url);
    expect(kinds(events)).toEqual(["opened", "text-delta", "item", "completed"]);
    expect(events[1]).toEqual({ type: "text-delta", text: "é→🙂" });
    expect(itemText(events[2])).toBe(rawItem);
  });

  it("takes the items from response.completed when the stream gave none", async () => {
    const last = `data: {"type":"response.completed","response":{"id":"r","output":[${rawItem}, {"type":"reasoning","id":"rs_1"} ],"usage":null}}\n\n`;
    const url = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": "text/event-stream" }).end(last),
    );
    const events = await ask(url);
    expect(kinds(events)).toEqual(["item", "item", "completed"]);
    expect(itemText(events[0])).toBe(rawItem);
    expect(itemText(events[1])).toBe('{"type":"reasoning","id":"rs_1"}');
  });

  it("is accepted without a stream", async () => {
    const whole = `{"id":"resp_2","model":"m","status":"completed","output":[${rawItem}],"usage":${JSON.stringify(usage)}}`;
    const url = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(whole),
    );
    const events = await ask(url);
    expect(kinds(events)).toEqual(["opened", "item", "completed"]);
    expect(itemText(events[1])).toBe(rawItem);
    expect(events[2]).toMatchObject({ response: "resp_2", usage: { inputTokens: 10 } });
  });

  it.each([
    "text/plain; charset=utf-8",
    "text/html; charset=UTF-8",
    "text/event-stream",
    "application/json",
    "",
  ])("is known by its first bytes, whole or a stream, whatever it is called: %s", async (type) => {
    const whole = `\n {"id":"resp_2","model":"m","status":"completed","output":[${rawItem}]}`;
    const stream = `: hello\n\n${created}${itemDone(rawItem)}${completed}`;
    // Files of PHP may begin with a byte order mark, and so does what they send.
    for (const body of [whole, stream, `\uFEFF${whole}`, `\uFEFF${stream}`]) {
      const url = await serve(async (_incoming, response) => {
        if (type !== "") response.setHeader("content-type", type);
        for (const byte of Buffer.from(body)) response.write(Buffer.of(byte));
        response.end();
      });
      const events = await ask(url);
      expect(kinds(events)).toEqual(["opened", "item", "completed"]);
      expect(itemText(events[1])).toBe(rawItem);
    }
  });

  it("is none where a page stands in its place", async () => {
    const url = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Sign in</title>"),
    );
    expect(failureOf(await ask(url)).message).toContain("Sign in");
  });

  it.each(["application/json", "text/html", ""])("is none where a relay tells an error: %s", async (type) => {
    const url = await serve((_incoming, response) => {
      if (type !== "") response.setHeader("content-type", type);
      response.end('{"code":500,"msg":"no channel for this group"}');
    });
    expect(failureOf(await ask(url)).message).toContain("no channel for this group");
  });

  it("is empty where a relay says so with null", async () => {
    const whole = '{"object":"response","id":"resp_2","model":"m","status":"completed","output":null}';
    const url = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(whole),
    );
    expect(kinds(await ask(url))).toEqual(["opened", "completed"]);
  });

  const stream = created + itemDone(rawItem) + completed;
  it.each([
    ["gzip", "gzip", gzipSync(stream)],
    ["gzip, with bytes behind it", "gzip", Buffer.concat([gzipSync(stream), Buffer.alloc(70_000)])],
    ["deflate", "deflate", deflateSync(stream)],
    ["deflate as it is", "deflate", deflateRawSync(stream)],
    ["brotli", "br", brotliCompressSync(stream)],
    [
      "zstd",
      "zstd",
      Buffer.concat([created, itemDone(rawItem), completed].map((each) => zstdCompressSync(each))),
    ],
    ["gzip, unpacked it and left its header", "gzip", Buffer.from(stream)],
  ])("is read although a proxy compressed it with %s", async (_how, encoding, bytes) => {
    const url = await serve((_incoming, response) =>
      response
        .writeHead(200, { "content-type": "text/event-stream", "content-encoding": encoding })
        .end(bytes),
    );
    expect(kinds(await ask(url))).toEqual(["opened", "item", "completed"]);
  });

  it("is classified although a proxy compressed a refusal", async () => {
    const refusal = JSON.stringify({
      error: { message: "No credits are left.", type: "insufficient_quota", code: "insufficient_quota" },
    });
    const frames = [refusal.slice(0, 20), refusal.slice(20)].map((each) => zstdCompressSync(each));
    for (const bytes of [Buffer.concat(frames), Buffer.from(refusal)]) {
      const url = await serve((_incoming, response) =>
        response
          .writeHead(429, { "content-type": "application/json", "content-encoding": "zstd" })
          .end(bytes),
      );
      expect(failureOf(await ask(url)).class).toBe("billing");
    }
  });

  it("carries an item of 10 MB whole", async () => {
    const raw = `{"type":"reasoning","id":"rs_1","encrypted_content":"${"A".repeat(10_000_000)}"}`;
    const url = await serve((_incoming, response) =>
      response
        .writeHead(200, { "content-type": "text/event-stream" })
        .end(created + itemDone(raw) + completed),
    );
    const events = await ask(url);
    expect(kinds(events)).toEqual(["opened", "item", "completed"]);
    expect(itemText(events[1]) === raw).toBe(true);
  });

  it("leaves its connection to the next step", async () => {
    const sockets = new Set<Socket>();
    const url = await serve(async (incoming, response) => {
      sockets.add(incoming.socket);
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" }).end(created + completed);
    });
    const provider = responsesProvider({ name: "test", baseUrl: url, contract: "openai" });
    for (let step = 0; step < 3; step++) {
      for await (const event of provider.stream(request, new AbortController().signal))
        expect(event.type).not.toBe("failed");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(sockets.size).toBe(1);
  });

  it("from this machine goes past the proxies of the environment", async () => {
    vi.stubEnv("HTTP_PROXY", "http://127.0.0.1:1");
    vi.stubEnv("http_proxy", "http://127.0.0.1:1");
    const url = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": "text/event-stream" }).end(completed),
    );
    expect(kinds(await ask(url))).toEqual(["completed"]);
    vi.unstubAllEnvs();
  });
});

describe("a large request", () => {
  it("is sent at the pace of the socket and not ahead of it", async () => {
    const large = largeInput(64);
    let madeWhilePaused = 0;
    let received = 0;
    const url = await serve((incoming, response) => {
      // Nothing is read for a while; what the client has made by then is what it holds ahead of the socket.
      setTimeout(() => {
        madeWhilePaused = large.made;
        incoming.on("data", (chunk: Buffer) => (received += chunk.length));
        incoming.on("end", () =>
          response.writeHead(200, { "content-type": "text/event-stream" }).end(completed),
        );
      }, 150);
    });
    expect(kinds(await ask(url, { change: { input: large } }))).toEqual(["completed"]);
    expect(received).toBeGreaterThan(large.bytes);
    expect(madeWhilePaused).toBeLessThan(16_000_000);
  });

  it.each([["keep-alive"], ["close"]])(
    "that is refused before it is whole ends with the refusal (connection: %s)",
    async (connection) => {
      const large = largeInput(400);
      const url = await serve((incoming, response) => {
        incoming.once("data", () => {
          const body = JSON.stringify({ error: { code: "invalid_encrypted_content", message: "refused" } });
          response.writeHead(400, { "content-type": "application/json", connection }).end(body);
        });
      });
      const failure = failureOf(await ask(url, { change: { input: large, sealed: false } }));
      expect(failure.class).toBe("sealed-reasoning-rejected");
      expect(large.made).toBeLessThan(large.bytes / 2);
    },
  );

  it("whose input can't be read ends with the store's own failure", async () => {
    const url = await serve((incoming) => incoming.resume());
    const broken = {
      bytes: 1000,
      items: 1,
      // eslint-disable-next-line require-yield
      async *chunks(): AsyncGenerator<Uint8Array> {
        throw new Failure("store-unavailable", "log.jsonl: input/output error", { path: "log.jsonl" });
      },
    };
    const failure = failureOf(await ask(url, { change: { input: broken } }));
    expect(failure.class).toBe("store-unavailable");
  });
});
