// What clients are told when the gateway is ended, and what its own pages say.
import { once } from "node:events";
import { mkdtempSync, readdirSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Metrics } from "../../src/gateway/metrics.ts";
import { startGateway } from "../../src/gateway/server.ts";
import { read } from "../kit/simulator-client.ts";
import { bodyOf, completed, created, delta, serve, sse } from "../wire/upstream.ts";
import { closeBoth, last } from "./client.ts";
import { ask, gatewayTo } from "./kit.ts";

afterEach(closeBoth);

const added = sse("response.output_item.added", { item: {} });

describe("a gateway that can't begin", () => {
  it.runIf(process.platform === "linux")("keeps no ledger open, however often a port is tried", async () => {
    const ledger = join(mkdtempSync(join(tmpdir(), "ledger-")), "ledger.sqlite");
    const taken = new URL(await serve(() => undefined));
    const upstreams = [{ url: "http://127.0.0.1:9/v1" }];
    for (let tries = 0; tries < 3; tries++)
      await expect(startGateway({ upstreams, ledger, port: Number(taken.port) })).rejects.toThrow("taken");
    const open = readdirSync("/proc/self/fd").flatMap((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        // The folder's own.
        return [];
      }
    });
    expect(open.filter((path) => path.startsWith(ledger))).toEqual([]);
  });
});

describe("a gateway that is ended", () => {
  it("tells a stream that doesn't end in time that it is cut, and who waits for an answer that there is none", async () => {
    const url = await serve(async (request, response) => {
      if ((await bodyOf(request)) === "{}")
        response.writeHead(200, { "content-type": "text/event-stream" }).write(created + added + delta("a"));
    });
    const gateway = await gatewayTo(url);
    const streaming = await ask(gateway);
    const waiting = ask(gateway, '{"input":[]}');
    await expect.poll(() => gateway.metrics.total("upstream_requests")).toBe(2);
    const closing = gateway.close(50);
    const got = await read(streaming);
    expect([last(got), got.broken]).toEqual(["response.failed", false]);
    expect(JSON.stringify(got.events.at(-1))).toContain("The gateway was ended");
    expect((await waiting).status).toBe(503);
    await closing;
  });

  it("isn't held up by connections on which nothing is asked yet, and lets a request on another be answered whole", async () => {
    let finish = (): void => undefined;
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      response.writeHead(200, { "content-type": "text/event-stream" }).write(created + added + delta("a"));
      finish = () => void response.end(delta("b") + completed);
    });
    const gateway = await gatewayTo(url);
    const silent = ["", "GET /healthz HTTP/1.1\r\nhost: loc"].map(async (text) => {
      const socket = connect(gateway.port, "127.0.0.1").resume();
      await once(socket, "connect");
      socket.write(text);
      return once(socket, "close");
    });
    const streaming = await ask(gateway);
    const closing = gateway.close(100_000);
    await Promise.all(silent);
    finish();
    expect(last(await read(streaming))).toBe("response.completed");
    await closing;
  }, 60_000);

  it("lets nobody wait for a limit any more", async () => {
    const limit = { error: { type: "usage_limit_reached", message: "The usage limit has been reached" } };
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      response.writeHead(429, { "x-own": "kept" }).end(JSON.stringify(limit));
    });
    const gateway = await gatewayTo(url, { waitForLimits: true });
    const asked = ask(gateway);
    await expect.poll(() => gateway.metrics.total("holds")).toBe(1);
    const closing = gateway.close();
    const answer = await asked;
    expect([answer.status, answer.headers.get("x-own"), await answer.json()]).toEqual([429, "kept", limit]);
    await closing;
  });
});

describe("the gateway's own pages", () => {
  it("are there for probes that ask for the head alone, or with a query", async () => {
    const gateway = await gatewayTo("http://127.0.0.1:1/v1");
    const base = new URL(gateway.url).origin;
    for (const path of ["/healthz", "/metrics", "/healthz?probe=1"])
      for (const method of ["GET", "HEAD"])
        expect((await fetch(base + path, { method })).status, `${method} ${path}`).toBe(200);
    expect(gateway.metrics.total("upstream_requests")).toBe(0);
  });

  it("count what never reaches an upstream, and escape what a label may not have", async () => {
    const gateway = await gatewayTo("http://127.0.0.1:1/v1");
    for (const text of ["GET /v1/../x HTTP/1.1\r\n", "GET /v1/x HTTP/1.1\r\nupgrade: websocket\r\n"])
      await new Promise((resolve) =>
        connect(gateway.port, "127.0.0.1")
          .on("close", resolve)
          .resume()
          .write(
            `${text}host: localhost\r\nconnection: ${text.includes("upgrade") ? "upgrade" : "close"}\r\n\r\n`,
          ),
      );
    const text = await (await fetch(`${new URL(gateway.url).origin}/metrics`)).text();
    for (const status of [400, 426]) expect(text).toContain(`requests_total{status="${status}"} 1\n`);
    const metrics = new Metrics();
    metrics.count("upstream_requests", 'a"b\\c\nd');
    expect(metrics.text()).toContain('upstream="a\\"b\\\\c\\nd"} 1\n');
  });
});
