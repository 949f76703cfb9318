import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { gzipSync } from "node:zlib";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { bodyOf, completed, created, delta, serve, serveRaw } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo, raw } from "./kit.ts";
import { added, answer, recording } from "./recording.ts";

afterEach(closeAll);

/** An upstream that stands still in the middle of its answer until it is told to `go`. */
async function halting(): Promise<{ url: string; go: () => void }> {
  let finish = (): void => undefined;
  const url = await serve((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(created + added);
    finish = () => response.end(completed);
  });
  return { url, go: () => finish() };
}

const sha = (body: Uint8Array | string): string => createHash("sha256").update(body).digest("hex");

describe("a healthy request", () => {
  it("reaches the upstream byte for byte, and its answer the client", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo(url);
    // Spacing, escapes and an order of members that no serialiser would give.
    const body = '{ "stream" :true,\n"input":[ {"role":"user","content":"h\\u00e9 \\/ é"} ], "x_new": 1.0 }';
    const response = await ask(gateway, body);
    expect(await response.text()).toBe(answer);
    expect(response.headers.get("x-kept")).toBe("yes");
    expect(requests).toHaveLength(1);
    expect(requests[0]!.sha).toBe(sha(body));
    expect(requests[0]!.request.url).toBe("/v1/responses");
    expect(requests[0]!.request.headers.authorization).toBe("Bearer key-1");
  });

  it("of 50 MB passes, though it is no JSON at all", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo(url);
    const body = randomBytes(50_000_000);
    expect(await (await ask(gateway, body)).text()).toBe(answer);
    expect(requests[0]).toMatchObject({ sha: sha(body), bytes: body.length });
  });

  it("may be compressed", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo(url);
    const body = gzipSync('{"input":[]}');
    await (await ask(gateway, body, { headers: { "content-encoding": "gzip" } })).text();
    expect(requests[0]!.sha).toBe(sha(body));
    expect(requests[0]!.request.headers["content-encoding"]).toBe("gzip");
  });

  it("loses its hop-by-hop headers, and so does its answer", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo(url);
    const got = await raw(
      gateway.port,
      [
        "POST /v1/responses HTTP/1.1",
        `host: 127.0.0.1:${gateway.port}`,
        "connection: close, x-private",
        "x-private: 1",
        "te: trailers",
        "proxy-authorization: Basic eA==",
        "x-throughline-token: t",
        "X-Stays: 1",
        "constructor: 1",
        "__proto__: 1",
        "content-length: 2",
        "",
        "{}",
      ].join("\r\n"),
    );
    expect(got).toMatch(/^HTTP\/1\.1 200 /u);
    expect(got).not.toMatch(/x-hop/iu);
    const { headers, rawHeaders } = requests[0]!.request;
    expect(rawHeaders).toEqual(expect.arrayContaining(["X-Stays", "constructor", "__proto__"]));
    for (const name of ["x-private", "te", "proxy-authorization", "x-throughline-token"])
      expect(headers[name]).toBeUndefined();
  });

  it("goes under the upstream's own path and query, with the upstream's key where there is one", async () => {
    const { url, requests } = await recording();
    const base = url.replace(/\/v1$/u, "/openai/deployments/d?api-version=2026-01-01");
    const gateway = await gatewayTo(url, { upstreams: [{ url: base, key: "key-2" }] });
    await (await fetch(`${gateway.url}/responses?x=1`, { method: "POST", body: "{}" })).text();
    expect(requests[0]!.request.url).toBe("/openai/deployments/d/responses?x=1&api-version=2026-01-01");
    expect(requests[0]!.request.headers.authorization).toBe("Bearer key-2");
  });

  it("goes with the upstream's key alone, as the client's wire has it", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo(url, { upstreams: [{ url, key: "key-2" }] });
    const sent = async (headers: Record<string, string>): Promise<unknown[]> => {
      await (await fetch(`${gateway.url}/messages`, { method: "POST", body: "{}", headers })).text();
      const last = requests.at(-1)!.request.headers;
      return ["authorization", "x-api-key", "api-key"].map((name) => last[name]);
    };
    const version = { "anthropic-version": "2023-06-01" };
    const bearer = { authorization: "Bearer key-1" };
    expect(await sent({ ...version, "x-api-key": "key-1" })).toEqual([undefined, "key-2", undefined]);
    expect(await sent(version)).toEqual([undefined, "key-2", undefined]);
    expect(await sent({ ...version, ...bearer })).toEqual(["Bearer key-2", undefined, undefined]);
    expect(await sent({ "x-api-key": "key-1", "api-key": "key-1" })).toEqual([
      "Bearer key-2",
      undefined,
      undefined,
    ]);
  });

  it("is answered event by event as they come", async () => {
    const { url, go } = await halting();
    const gateway = await gatewayTo(url);
    const reader = (await ask(gateway)).body!.getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value!).toString()).toBe(created + added);
    expect(gateway.metrics.openStreams).toBe(1);
    go();
    expect(Buffer.from((await reader.read()).value!).toString()).toBe(completed);
    expect((await reader.read()).done).toBe(true);
    expect(gateway.metrics.openStreams).toBe(0);
  });
});

describe("everything else", () => {
  it("passes through both ways, with its own status", async () => {
    const url = await serve(async (request, response) => {
      const body = await bodyOf(request);
      response.writeHead(418, { "content-type": "text/plain" });
      response.end(`${request.method} ${request.url} ${body}`);
    });
    const gateway = await gatewayTo(url);
    const response = await fetch(`${gateway.url}/chat/completions`, { method: "POST", body: "hello" });
    expect(response.status).toBe(418);
    expect(await response.text()).toBe("POST /v1/chat/completions hello");
    expect(await (await fetch(`${gateway.url}/models`)).text()).toBe("GET /v1/models ");
  });

  it("is a 502 with a class when the upstream is away", async () => {
    const gateway = await gatewayTo("http://127.0.0.1:1/v1");
    const response = await fetch(`${gateway.url}/models`);
    expect(response.status).toBe(502);
    expect(response.headers.get("x-throughline-failure")).toBe("transport-interrupted");
  });
});

describe("a WebSocket upgrade", () => {
  it("is answered with 426, so that Codex goes on over HTTP at once", async () => {
    const gateway = await gatewayTo("http://127.0.0.1:1/v1");
    const got = await raw(
      gateway.port,
      "GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    expect(got).toMatch(/^HTTP\/1\.1 426 /u);
  });
});

describe("bounds", () => {
  it("a body over the limit is refused before it is read, declared or not", async () => {
    const { url, requests } = await recording();
    const gateway = await gatewayTo(url, { maxBodyBytes: 1_000 });
    const head = "POST /v1/responses HTTP/1.1\r\nhost: localhost\r\n";
    expect(await raw(gateway.port, `${head}content-length: 1001\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /u);
    const chunk = `400\r\n${"x".repeat(1_024)}\r\n`;
    expect(await raw(gateway.port, `${head}transfer-encoding: chunked\r\n\r\n${chunk}`)).toMatch(
      /^HTTP\/1\.1 413 /u,
    );
    expect(requests).toHaveLength(0);
    expect(gateway.metrics.heldBytes).toBe(0);
    // What only passes through isn't held.
    const body = "x".repeat(1_001);
    expect((await fetch(`${gateway.url}/embeddings`, { method: "POST", body })).status).toBe(200);
    expect(requests).toMatchObject([{ bytes: 1_001 }]);
  });

  it("a client that reads slowly slows the upstream down, and memory stays bounded", async () => {
    let sent = 0;
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(created + added);
      const event = delta("x".repeat(60_000));
      const more = (): void => {
        while (sent < 400_000_000 && !response.destroyed) {
          sent += event.length;
          if (!response.write(event)) return void response.once("drain", more);
        }
      };
      more();
    });
    const gateway = await gatewayTo(url);
    const client = httpRequest({
      port: gateway.port,
      path: "/v1/responses",
      method: "POST",
      headers: { host: "localhost" },
    });
    client.end("{}");
    const [response] = (await once(client, "response")) as [IncomingMessage];
    response.pause();
    const standsStill = async (): Promise<boolean> => {
      const before = sent;
      await sleep(200);
      return sent === before;
    };
    await expect.poll(standsStill).toBe(true);
    expect(sent).toBeLessThan(40_000_000);
    client.destroy();
  });

  it("a client that cancels cancels the upstream's work", async () => {
    let cancelled = 0;
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(created + added);
      response.once("close", () => cancelled++);
    });
    const gateway = await gatewayTo(url);
    const controller = new AbortController();
    const response = await ask(gateway, "{}", { signal: controller.signal });
    await response.body!.getReader().read();
    controller.abort();
    await expect.poll(() => cancelled).toBe(1);
    await expect.poll(() => gateway.metrics.total("cancelled")).toBe(1);
    expect(gateway.metrics.openStreams).toBe(0);
  });
});

describe("an upstream that answers garbage", () => {
  it("is a 502 with a class, after a bounded number of tries", async () => {
    let asked = 0;
    const url = await serveRaw((socket) =>
      socket.once("data", () => {
        asked++;
        socket.end("this is no HTTP\r\n\r\n");
      }),
    );
    const gateway = await gatewayTo(url, { random: () => 0 });
    const response = await ask(gateway);
    expect(response.status).toBe(502);
    expect(response.headers.get("x-throughline-failure")).toBe("transport-interrupted");
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(8);
  });

  it("such as a page in place of a stream, is a 502 too", async () => {
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<html><title>Welcome</title></html>");
    });
    const response = await ask(await gatewayTo(url));
    expect(response.status).toBe(502);
    const { error } = (await response.json()) as { error: { code: string } };
    expect(error.code).toBe("unknown-provider-failure");
  });
});

describe("operation", () => {
  it("says that it is well, and counts", async () => {
    const { url } = await recording();
    const gateway = await gatewayTo(url);
    await (await ask(gateway)).text();
    const origin = gateway.url.replace(/\/v1$/u, "");
    expect(await (await fetch(`${origin}/healthz`)).json()).toEqual({ status: "ok" });
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    expect(metrics).toContain('throughline_gateway_requests_total{status="200"} 1\n');
    expect(metrics).toContain("throughline_gateway_added_seconds_count 1\n");
    expect(metrics).toContain("throughline_gateway_open_streams 0\n");
  });

  it("lets what is under way finish before it ends, and takes nothing new", async () => {
    const { url, go } = await halting();
    const gateway = await gatewayTo(url);
    const response = await ask(gateway);
    const closing = gateway.close(10_000);
    await expect(ask(gateway)).rejects.toThrow();
    go();
    expect(await response.text()).toBe(created + added + completed);
    await closing;
  });
});
