// Faults that people report of gateways in front of the Responses API (litellm, Portkey, CLIProxyAPI, cc-switch, codex-proxy and others, 2026).
import { once } from "node:events";
import { connect } from "node:net";
import { brotliCompressSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { read } from "../kit/simulator-client.ts";
import { bodyOf, completed, created, delta, serve, sse } from "../wire/upstream.ts";
import { both, closeBoth, last } from "./client.ts";
import { ask, gatewayTo } from "./kit.ts";

afterEach(closeBoth);

const added = sse("response.output_item.added", { item: {} });
const whole = created + added + delta("a") + completed;
const overloaded = sse("error", {
  sequence_number: 3,
  error: { type: "service_unavailable_error", code: "server_is_overloaded", message: "Try again later." },
});

async function streaming(
  headers: Record<string, string>,
  ...answers: string[]
): Promise<{ url: string; paths: string[] }> {
  const paths: string[] = [];
  const url = await serve(async (request, response) => {
    await bodyOf(request);
    response.writeHead(200, headers);
    response.end(answers[Math.min(paths.push(request.url ?? "") - 1, answers.length - 1)]);
  });
  return { url, paths };
}

const events = { "content-type": "text/event-stream" };

describe("an error event behind output, which Codex passes over", () => {
  it.each([
    ["server_is_overloaded", "server_error"],
    ["insufficient_quota", "insufficient_quota"],
    ["rate_limit_exceeded", "rate_limit_exceeded"],
  ])("is followed by response.failed with its words and a code that is acted on (%s)", async (code, told) => {
    for (const rest of ["", ": bye\n\n"]) {
      const error = overloaded.replace("server_is_overloaded", code);
      const { url } = await streaming(events, created + added + delta("a") + error + rest);
      const got = await read(await ask(await gatewayTo(url)));
      expect(got.events.map(({ event }) => event).filter((event) => event === "error")).toHaveLength(1);
      expect(last(got)).toBe("response.failed");
      expect(got.events.at(-1)!.data).toMatchObject({
        response: { id: "resp_1", error: { code: told, message: "Try again later." } },
      });
    }
  });

  it("is not followed by a second ending where the provider tells one", async () => {
    const failed = sse("response.failed", { response: { id: "resp_1", error: { code: "x", message: "y" } } });
    for (const ending of [failed, completed]) {
      const text = created + added + overloaded + ending;
      const { url } = await streaming(events, text);
      expect(await (await ask(await gatewayTo(url))).text()).toBe(text);
    }
  });
});

describe("a stream that doesn't say that it is one", () => {
  for (const [what, headers] of [
    ["without a type", {}],
    ["as a text", { "content-type": "text/plain; charset=utf-8" }],
    ["as JSON", { "content-type": "application/json" }],
  ] as const)
    it(`${what} goes out event by event, and is judged`, async () => {
      let asked = 0;
      let go = (): void => undefined;
      const url = await serve(async (request, response) => {
        await bodyOf(request);
        response.writeHead(200, headers);
        if (asked++ === 0) return void response.end(created + overloaded);
        for (const byte of created.slice(0, 4)) response.write(byte);
        response.write(created.slice(4) + added);
        go = () => response.end(completed);
      });
      const answer = await ask(await gatewayTo(url));
      expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream\b/u);
      const reader = answer.body!.getReader();
      let got = Buffer.from((await reader.read()).value!).toString();
      expect(got).toBe(created + added);
      go();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        got += Buffer.from(value).toString();
      }
      expect(got).toBe(created + added + completed);
      expect(asked).toBe(2);
    });
});

describe("what a backend tells beside the answer", () => {
  it.each([
    "codex.rate_limits",
    "codex.response.metadata",
    "responsesapi.websocket_timing",
    "response.metadata",
  ])("(%s) is no output: a stream that fails behind it is asked for again", async (name) => {
    const aside = sse(name, { rate_limits: { limit_reached: true } });
    const { url, paths } = await streaming(events, created + aside + overloaded, created + aside + whole);
    expect(await (await ask(await gatewayTo(url))).text()).toBe(created + aside + whole);
    expect(paths).toHaveLength(2);
  });
});

describe("a compressed request", () => {
  const body = JSON.stringify({ model: "gpt-5.5", input: [{ role: "user", content: "hello" }] });
  const words: readonly [number, string][] = [
    [400, '{"detail":"Invalid JSON payload"}'],
    [
      400,
      `{"error":{"message":"The 'None' model is not supported when using Codex","type":"invalid_request_error"}}`,
    ],
    [415, "Unsupported Media Type"],
    [422, '{"detail":[{"type":"json_invalid","loc":["body",0],"msg":"JSON decode error"}]}'],
  ];

  it.each(words)(
    "that an endpoint can't read (%i %s) is sent as it is, once and for all",
    async (status, said) => {
      const encodings: (string | undefined)[] = [];
      const url = await serve(async (request, response) => {
        const got = await bodyOf(request);
        encodings.push(request.headers["content-encoding"]);
        if (got !== body) return void response.writeHead(status).end(said);
        response.writeHead(200, events).end(whole);
      });
      const gateway = await gatewayTo(url);
      const packed = zstdCompressSync(body);
      for (let turn = 0; turn < 3; turn++) {
        const answer = await ask(gateway, packed, { headers: { "content-encoding": "zstd" } });
        expect(await answer.text()).toBe(whole);
      }
      expect(encodings).toEqual(["zstd", undefined, undefined, undefined]);
    },
  );

  it("that is refused for another reason is not sent a second time than needed, and its refusal passes", async () => {
    let asked = 0;
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      asked++;
      response
        .writeHead(400)
        .end(
          '{"error":{"code":"context_length_exceeded","message":"Your input exceeds the context window"}}',
        );
    });
    const answer = await ask(await gatewayTo(url), zstdCompressSync(body), {
      headers: { "content-encoding": "zstd" },
    });
    expect(answer.status).toBe(400);
    expect(asked).toBe(1);
  });

  it("that is refused for what is in it is healed as ever, and goes on being compressed", async () => {
    const encodings: (string | undefined)[] = [];
    const url = await serve(async (request, response) => {
      const bytes: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) bytes.push(chunk);
      const encoding = request.headers["content-encoding"];
      encodings.push(encoding);
      const sent = Buffer.concat(bytes);
      const text = (encoding === "zstd" ? zstdDecompressSync(sent) : sent).toString();
      if (!text.includes("\\ud83d")) return void response.writeHead(200, events).end(whole);
      response
        .writeHead(400)
        .end('{"error":{"message":"We could not parse the JSON body of your request.","code":null}}');
    });
    const gateway = await gatewayTo(url);
    const headers = { "content-encoding": "zstd" };
    const broken = body.replace("hello", "\\ud83d");
    expect(await (await ask(gateway, zstdCompressSync(broken), { headers })).text()).toBe(whole);
    expect(await (await ask(gateway, zstdCompressSync(body), { headers })).text()).toBe(whole);
    expect(encodings).toEqual(["zstd", undefined, "zstd"]);
  });

  it("reaches an endpoint that reads it byte for byte", async () => {
    const got: Buffer[] = [];
    const url = await serve(async (request, response) => {
      for await (const chunk of request as AsyncIterable<Buffer>) got.push(chunk);
      response.writeHead(200, events).end(whole);
    });
    const packed = zstdCompressSync(body);
    await (await ask(await gatewayTo(url), packed, { headers: { "content-encoding": "zstd" } })).text();
    expect(Buffer.concat(got).equals(packed)).toBe(true);
    expect(zstdDecompressSync(Buffer.concat(got)).toString()).toBe(body);
  });
});

describe("an answer that comes compressed though nobody asked for it", () => {
  it.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const)("as %s is judged by what is in it, and passes as it came", async (encoding, compress) => {
    const good = JSON.stringify({ object: "response", status: "completed", output: [] });
    let asked = 0;
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      const isFirst = asked++ === 0;
      response.writeHead(isFirst ? 500 : 200, {
        "content-type": "application/json",
        "content-encoding": encoding,
      });
      const busy = '{"error":{"code":"server_is_overloaded","message":"Overloaded"}}';
      response.end(compress(isFirst ? busy : good));
    });
    const answer = await ask(await gatewayTo(url));
    expect(answer.headers.get("content-encoding")).toBe(encoding);
    expect(await answer.json()).toEqual(JSON.parse(good));
    expect(asked).toBe(2);
  });

  it("is healed like any other refusal", async () => {
    const refusal =
      '{"error":{"code":"unsupported_parameter","param":"temperature","message":"Unsupported parameter: \'temperature\'"}}';
    const seen: string[] = [];
    const url = await serve(async (request, response) => {
      seen.push(await bodyOf(request));
      if (!seen.at(-1)!.includes("temperature")) return void response.writeHead(200, events).end(whole);
      response.writeHead(400, { "content-type": "application/json", "content-encoding": "br" });
      response.end(brotliCompressSync(refusal));
    });
    const answer = await ask(await gatewayTo(url), '{"model":"m","temperature":1,"input":[]}');
    expect(await answer.text()).toBe(whole);
    expect(seen.at(-1)).toBe('{"model":"m","input":[]}');
  });
});

describe("addresses as people write them", () => {
  it.each(["/v1/responses", "/v1//responses", "/responses", "//v1/responses", "/v1/responses/"])(
    "a client's %s is the upstream's endpoint",
    async (path) => {
      const { url, paths } = await streaming(events, whole);
      const gateway = await gatewayTo(url);
      const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { method: "POST", body: "{}" });
      expect(await answer.text()).toBe(whole);
      expect(paths[0]!.replace(/\/$/u, "")).toBe("/v1/responses");
    },
  );

  it.each(["", "/", "/responses", "/responses/"])("an upstream that ends in «%s» is one", async (end) => {
    const { url, paths } = await streaming(events, whole);
    await (await ask(await gatewayTo(url + end))).text();
    expect(paths).toEqual(["/v1/responses"]);
  });
});

describe("a client that closes its side behind its request", () => {
  it("costs nobody else anything, and its answer is whole or its upstream's work is cancelled", async () => {
    let closed = 0;
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      response.on("close", () => closed++);
      response.writeHead(200, events);
      response.write(created + added);
      const timer = setInterval(() => response.write(delta("x")), 1);
      setTimeout(() => {
        clearInterval(timer);
        response.end(completed);
      }, 100);
    });
    const gateway = await gatewayTo(url);
    for (let client = 0; client < 20; client++) {
      const socket = connect({ port: gateway.port, host: "127.0.0.1", allowHalfOpen: true });
      socket.resume();
      socket.on("error", () => undefined);
      socket.write("POST /v1/responses HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}");
      if (client % 2 === 0) socket.end();
      else setTimeout(() => socket.end(), 30);
      await once(socket, "close");
    }
    await expect.poll(() => closed).toBe(20);
    await expect.poll(() => gateway.metrics.openStreams).toBe(0);
    await expect.poll(() => gateway.metrics.heldBytes).toBe(0);
    expect(last(await read(await ask(gateway)))).toBe("response.completed");
  });
});

describe("a limit that is told early in a stream that goes on", () => {
  it("ends nothing", async () => {
    const aside = sse("codex.rate_limits", { rate_limits: { allowed: true, limit_reached: true } });
    const { simulator, gateway } = await both();
    expect(simulator.requests).toHaveLength(0);
    expect(gateway.lines).toEqual([]);
    const { url, paths } = await streaming(events, aside + whole);
    expect(await (await ask(await gatewayTo(url))).text()).toBe(aside + whole);
    expect(paths).toHaveLength(1);
  });
});
