// The gateway behind a proxy of the environment, and in front of clients that take it for one.
import { createServer, request as httpRequest, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bodyOf, completed, created, serve, serveRaw } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo } from "./kit.ts";

const whole = created + completed;
const proxies: Server[] = [];

beforeEach(() => {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toLowerCase(), undefined);
  }
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await closeAll();
  for (const proxy of proxies.splice(0)) {
    proxy.closeAllConnections();
    proxy.close();
  }
});

/** A proxy that leads every host to one place, by tunnel or by asking itself. `refusal` is what it answers to a tunnel instead. */
async function proxyTo(upstream: string, refusal?: string): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const { port: target } = new URL(upstream);
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const { pathname, search } = new URL(request.url ?? "/");
    const { method, headers } = request;
    const asked = httpRequest({ port: target, path: pathname + search, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(asked);
  });
  proxy.on("connect", (request, socket: Socket, head) => {
    seen.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    socket.on("error", () => socket.destroy());
    if (refusal !== undefined) return void socket.end(refusal);
    const tunnel = connect(Number(target), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      tunnel.write(head);
      tunnel.pipe(socket).pipe(tunnel);
    });
    tunnel.on("error", () => socket.destroy());
    socket.on("close", () => tunnel.destroy());
  });
  proxies.push(proxy);
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen };
}

const provider = (): Promise<string> =>
  serve(async (request, response) => {
    await bodyOf(request);
    response.writeHead(200, { "content-type": "text/event-stream" }).end(whole);
  });

describe("a proxy that the environment names", () => {
  it("is asked for an upstream elsewhere, and not for one that it is not to be asked for", async () => {
    const { url, seen } = await proxyTo(await provider());
    vi.stubEnv("HTTP_PROXY", url);
    vi.stubEnv("NO_PROXY", "near.example");
    expect(await (await ask(await gatewayTo("http://api.far.example/v1"))).text()).toBe(whole);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain("api.far.example");
    const near = await gatewayTo("http://api.near.example/v1");
    const signal = AbortSignal.timeout(500);
    await expect(ask(near, "{}", { signal })).rejects.toThrow();
    expect(seen).toHaveLength(1);
  });

  it("may say «100 Continue» unasked, and pass large heads on", async () => {
    let lines = 0;
    const url = await serveRaw((socket) => {
      socket.on("data", (bytes: Buffer) => {
        if (!bytes.includes("POST http://api.far.example/v1/responses HTTP/1.1\r\n")) return;
        lines++;
        // What belongs to the connection: the test's own client takes no such head.
        const large = `proxy-connection: ${"p".repeat(64 * 1024)}\r\n`;
        socket.write(
          `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${large}content-length: ${whole.length}\r\n\r\n${whole}`,
        );
      });
    });
    vi.stubEnv("HTTP_PROXY", new URL(url).origin);
    const gateway = await gatewayTo("http://api.far.example/v1");
    for (let nth = 0; nth < 2; nth++) expect(await (await ask(gateway)).text()).toBe(whole);
    expect(lines).toBe(2);
  });

  it("is never asked for an upstream on this machine", async () => {
    const { url, seen } = await proxyTo(await provider());
    vi.stubEnv("HTTP_PROXY", url);
    expect(await (await ask(await gatewayTo(await provider()))).text()).toBe(whole);
    expect(seen).toEqual([]);
  });

  it("is asked for a tunnel where the upstream is encrypted, with its password; what it refuses is told as its own", async () => {
    const { url, seen } = await proxyTo(
      await provider(),
      "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
    );
    vi.stubEnv("HTTPS_PROXY", url.replace("//", "//me:secret@"));
    const answer = await ask(await gatewayTo("https://api.far.example/v1", { random: () => 0 }));
    expect(seen[0]).toBe(`CONNECT api.far.example:443 Basic ${btoa("me:secret")}`);
    expect([answer.status, answer.headers.get("x-throughline-failure")]).toEqual([502, "configuration"]);
    expect(await answer.text()).toMatch(/proxy response \(407\)/iu);
    expect(seen).toHaveLength(1);
  });

  it("that wants a password for what it asks itself is told so once", async () => {
    let asked = 0;
    const url = await serve((request, response) => {
      request.resume();
      asked++;
      response.writeHead(407, { "proxy-authenticate": "Basic" }).end("no");
    });
    vi.stubEnv("HTTP_PROXY", new URL(url).origin);
    const answer = await ask(await gatewayTo("http://api.far.example/v1", { random: () => 0 }));
    expect([answer.status, answer.headers.get("x-throughline-failure")]).toEqual([502, "configuration"]);
    expect(asked).toBe(1);
  });

  it("that isn't there is named, and not taken for the upstream (openai/codex#44517)", async () => {
    // Not a port that was free a moment ago: servers of other tests take those.
    vi.stubEnv("HTTPS_PROXY", "http://me:secret@127.0.0.1:1");
    const gateway = await gatewayTo("https://api.far.example/v1", { random: () => 0 });
    for (const answer of [await ask(gateway), await fetch(`${gateway.url}/models`)]) {
      expect([answer.status, answer.headers.get("x-throughline-failure")]).toEqual([
        502,
        "transport-interrupted",
      ]);
      const text = await answer.text();
      expect(text).toContain("the proxy that HTTPS_PROXY names");
      expect(text).not.toContain("secret");
    }
  });
});

describe("a client that names the gateway in full", () => {
  const asking = (port: number, target: string): Promise<number> =>
    new Promise((resolve) => {
      const asked = httpRequest({ port, path: target, headers: { host: "localhost" }, agent: false });
      asked.on("response", (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      asked.end();
    });

  it("is answered under a name that is the gateway's, and under no other", async () => {
    const paths: (string | undefined)[] = [];
    const { port } = await gatewayTo(
      await serve((request, response) => {
        paths.push(request.url);
        response.end("{}");
      }),
    );
    expect(await asking(port, `http://127.0.0.1:${port}/v1/models?a=b`)).toBe(200);
    expect(await asking(port, "http://localhost./v1/models")).toBe(200);
    for (const host of ["evil.example", "127.0.0.1.nip.io", "127.0.0.1@evil.example"])
      expect(await asking(port, `http://${host}/v1/models`)).toBe(421);
    expect(paths).toEqual(["/v1/models?a=b", "/v1/models"]);
  });

  it("and takes it for a proxy is told that it is none", async () => {
    const { port } = await gatewayTo("http://127.0.0.1:1/v1");
    const got = await new Promise<string>((resolve) => {
      const asked = httpRequest({ port, method: "CONNECT", path: "api.openai.com:443", agent: false });
      asked.on("connect", ({ statusCode }) => resolve(String(statusCode)));
      asked.on("error", (error) => resolve(error.message));
      asked.end();
    });
    expect(got).toBe("405");
  });

  it.each([
    "CONNECT api.openai.com:443 HTTP/1.1\r\n",
    "GET /v1 HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n",
  ])("and keeps its half of the connection after the answer is let go of: %j", async (head) => {
    const { port } = await gatewayTo("http://127.0.0.1:1/v1");
    const socket = connect({ port, allowHalfOpen: true });
    socket.resume().write(`${head}host: localhost\r\n\r\n`);
    // What is sent on is refused as soon as nobody is there any more.
    const sending = setInterval(() => socket.write("x"), 10);
    await new Promise((resolve) => socket.once("error", resolve));
    clearInterval(sending);
  });
});
