import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { bodyOf, completed, created, delta, serve, serveRaw, sse } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo, raw } from "./kit.ts";

afterEach(closeAll);

const added = sse("response.output_item.added", { item: {} });

/** An upstream of bytes: the answer to the first request of each connection, and what was asked. */
async function answering(answer: string | Buffer): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const url = await serveRaw((socket) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      if (text === "") socket.write(answer);
      text += chunk.toString("latin1");
    });
    socket.on("close", () => asked.push(text));
  });
  return { url, asked };
}

async function got(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ response: IncomingMessage; body: Buffer }> {
  const { method = "GET", headers, body } = options;
  const asked = httpRequest({ port, path, method, headers: { host: "localhost", ...headers }, agent: false });
  asked.end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { response, body: Buffer.concat(chunks) };
}

describe("an answer passes as it is", () => {
  it("without a body: HEAD with a length, 204, 304", async () => {
    const url = await serve((request, response) => {
      if (request.method === "HEAD") response.writeHead(200, { "content-length": "1234", etag: '"e"' }).end();
      else if (request.url === "/v1/nothing") response.writeHead(204, { "x-kept": "1" }).end();
      else response.writeHead(304, { etag: '"e"' }).end();
    });
    const { port } = await gatewayTo(url);
    const head = await got(port, "/v1/models", { method: "HEAD" });
    expect(head.response.headers).toMatchObject({ "content-length": "1234", etag: '"e"' });
    const nothing = await got(port, "/v1/nothing");
    expect(nothing.response.statusCode).toBe(204);
    expect(nothing.response.headers["x-kept"]).toBe("1");
    expect(nothing.response.headers["transfer-encoding"]).toBeUndefined();
    const same = await got(port, "/v1/models", { headers: { "if-none-match": '"e"' } });
    expect(same.response.statusCode).toBe(304);
  });

  it("compressed, byte for byte, with headers that come twice", async () => {
    const bytes = gzipSync('{"data":[]}');
    const url = await serve((_request, response) => {
      response.writeHead(
        200,
        [
          ["content-type", "application/json"],
          ["content-encoding", "gzip"],
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
          ["x-twice", "1"],
          ["x-twice", "2"],
        ].flat(),
      );
      response.end(bytes);
    });
    const { port } = await gatewayTo(url);
    const { response, body } = await got(port, "/v1/models", { headers: { "accept-encoding": "gzip" } });
    expect(body.equals(bytes)).toBe(true);
    expect(response.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(response.headersDistinct["x-twice"]?.join(", ")).toBe("1, 2");
  });

  it("after interim answers, and to a client that expects a 100", async () => {
    const url = await serve(async (request, response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: "</x>; rel=preload" });
      response.end(`${request.headers.expect ?? "none"} ${await bodyOf(request)}`);
    });
    const { port } = await gatewayTo(url);
    const asked = httpRequest({
      port,
      path: "/v1/files",
      method: "POST",
      headers: { host: "localhost", expect: "100-continue", "content-length": "4" },
      agent: false,
    });
    asked.flushHeaders();
    await once(asked, "continue");
    asked.end("body");
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    expect(await bodyOf(response)).toBe("none body");
  });

  it("as large as it is, though no event in it ever ends", async () => {
    const line = "x".repeat(30_000_000);
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`${created}${added}data: ${line}\n\n${completed}`);
    });
    const text = await (await ask(await gatewayTo(url))).text();
    expect(text).toBe(`${created}${added}data: ${line}\n\n${completed}`);
  });
});

describe("a request that two readers could read in two ways", () => {
  const post = "POST /v1/responses HTTP/1.1\r\nhost: localhost\r\n";
  const smuggled = "GET /v1/admin HTTP/1.1\r\nhost: localhost\r\n\r\n";
  it.each([
    [
      "a length and chunks",
      `${post}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ["two lengths", `${post}content-length: 0\r\ncontent-length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ["a list of lengths", `${post}content-length: 0, 0\r\n\r\n${smuggled}`],
    ["a length with a sign", `${post}content-length: +0\r\n\r\n${smuggled}`],
    ["chunks under another name", `${post}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ["chunks not last", `${post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`],
    ["a space before the colon", `${post}transfer-encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ["a line that is folded", `${post}transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ["a bare line feed", `${post}x: 1\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ["a chunk's size with a sign", `${post}transfer-encoding: chunked\r\n\r\n+0\r\n\r\n${smuggled}`],
    ["a NUL in a header", `${post}x: a\u0000b\r\ncontent-length: 0\r\n\r\n${smuggled}`],
    ["two hosts", `${post}host: evil.example\r\ncontent-length: 0\r\n\r\n${smuggled}`],
  ])("is refused, and nothing behind it is carried out: %s", async (_name, text) => {
    const asked: string[] = [];
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      asked.push(request.url ?? "");
      response.end("{}");
    });
    const { port } = await gatewayTo(url);
    expect(await raw(port, text)).toMatch(/^(?:HTTP\/1\.1 4\d\d |$)/u);
    expect(asked).toEqual([]);
  });
});

describe("what stands behind a whole request", () => {
  it.each(["}}", "\n\nno HTTP", "\u0000\u0000"])(
    "ends the connection (%j), and not before the answer is out",
    async (rest) => {
      const asked: string[] = [];
      const url = await serve(async (request, response) => {
        await bodyOf(request);
        asked.push(request.url ?? "");
        response.writeHead(200, { "content-type": "text/event-stream" }).write(created + added);
        setTimeout(() => response.end(completed), 30);
      });
      const { port } = await gatewayTo(url);
      for (const path of ["responses", "embeddings", "files"]) {
        const text = `POST /v1/${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}${rest}`;
        const answer = await raw(port, text);
        expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*0\r\n\r\n$/u);
        expect(answer).toContain("response.completed");
      }
      expect(asked).toEqual(["/v1/responses", "/v1/embeddings", "/v1/files"]);
    },
  );

  it("in the middle of one is refused as before, and a body that is refused anyway isn't asked for", async () => {
    const { port } = await gatewayTo("http://127.0.0.1:1/v1", { maxBodyBytes: 1_000 });
    const post = "POST /v1/responses HTTP/1.1\r\n";
    const broken = `${post}host: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`;
    expect(await raw(port, broken)).toMatch(/^HTTP\/1\.1 400 /u);
    const expecting = (host: string, length: number): string =>
      `${post}host: ${host}\r\nexpect: 100-continue\r\ncontent-length: ${length}\r\n\r\n`;
    expect(await raw(port, expecting("localhost", 1_001))).toMatch(/^HTTP\/1\.1 413 /u);
    expect(await raw(port, expecting("evil.example", 10))).toMatch(/^HTTP\/1\.1 421 /u);
    expect(await raw(port, expecting("localhost", 10), 2_000)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  });
});

describe("an upstream that speaks no proper HTTP", () => {
  const ok = "HTTP/1.1 200 OK\r\n";
  const garbage: Record<string, string> = {
    "bytes that are no HTTP": "\u0000\u0001SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "a status that is none": "HTTP/1.1 abc OK\r\ncontent-length: 0\r\n\r\n",
    "two lengths": `${ok}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
    "a length and chunks": `${ok}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    "a header that never ends": `${ok}x: ${"y".repeat(300_000)}`,
    "a NUL in a header": `${ok}x: a\u0000b\r\ncontent-length: 2\r\n\r\n{}`,
    "a header without a name": `${ok}: x\r\ncontent-length: 2\r\n\r\n{}`,
  };
  it.each(Object.entries(garbage))("is a 502 with a class: %s", async (_name, text) => {
    const { url } = await answering(text);
    const gateway = await gatewayTo(url, { random: () => 0, idleMs: 2_000 });
    const passed = await fetch(`${gateway.url}/models`);
    expect(passed.status).toBe(502);
    expect(passed.headers.get("x-throughline-failure")).toBe("transport-interrupted");
    // It is none the worse for it.
    expect((await fetch(gateway.url.replace(/\/v1$/u, "/healthz"))).status).toBe(200);
  });

  it("is a 502 with a class, after it was asked again, for a response too", async () => {
    const upstreams = await Promise.all(Object.values(garbage).map((text) => answering(text)));
    await Promise.all(
      upstreams.map(async ({ url, asked }) => {
        const response = await ask(await gatewayTo(url, { random: () => 0, idleMs: 2_000 }));
        expect(response.status).toBe(502);
        expect(response.headers.get("x-throughline-failure")).toBe("transport-interrupted");
        expect(asked.length).toBeGreaterThan(1);
      }),
    );
  });

  const chunked = `${ok}content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n`;
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  it.each([
    ["a chunk's size that is none", `${chunked}${chunk(created + added + delta("a"))}zz\r\n`],
    ["chunks that end too early", `${chunked}${chunk(created + added + delta("a"))}ff\r\nab`],
    [
      "a length that is too large",
      `${ok}content-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n${created}${added}${delta("a")}`,
    ],
  ])("after output is told by a failed response at the end: %s", async (_name, text) => {
    const url = await serveRaw((socket) =>
      socket.once("data", () => {
        socket.write(text);
        setTimeout(() => socket.destroy(), 50);
      }),
    );
    const said = await (await ask(await gatewayTo(url))).text();
    expect(said.startsWith(created + added + delta("a"))).toBe(true);
    expect(said).toMatch(/\nevent: response\.failed\ndata: .*"status":"failed".*\n\n$/u);
  });

  it("cuts what else it cut, so that no client takes a part for the whole", async () => {
    const { url } = await answering(
      `${ok}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"data":`,
    );
    const gateway = await gatewayTo(url, { idleMs: 300, wholeIdleMs: 300 });
    await expect(fetch(`${gateway.url}/models`).then((response) => response.text())).rejects.toThrow();
  });
});
