import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { created, delta, serve, sse } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo } from "./kit.ts";
import { closeBoth } from "./client.ts";

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await closeAll();
  await closeBoth();
});

/** A connection that sends these bytes; what comes back is gathered, and `closed` tells when it was closed. */
function dial(port: number, text: string): { socket: Socket; got(): string; closed: Promise<void> } {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  let got = "";
  socket.on("data", (chunk: Buffer) => (got += chunk.toString()));
  socket.on("error", () => undefined);
  socket.write(text);
  return { socket, got: () => got, closed: new Promise((resolve) => socket.once("close", () => resolve())) };
}

const head = "POST /v1/responses HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";

describe("clients that misbehave", () => {
  it("a thousand that cancel, at every point, leave nothing behind on either side", async () => {
    let open = 0;
    const url = await serve((request, response) => {
      open++;
      response.once("close", () => open--);
      request.resume();
      request.once("end", () => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(created + sse("response.output_item.added", { item: {} }));
      });
    });
    const gateway = await gatewayTo(url);
    const body = "x".repeat(2_000);
    const whole = `${head}content-length: ${body.length}\r\n\r\n${body}`;
    for (let batch = 0; batch < 10; batch++) {
      await Promise.all(
        Array.from({ length: 100 }, async (_none, at) => {
          const { socket, closed } = dial(gateway.port, at % 4 === 0 ? whole.slice(0, 300 + at) : whole);
          await sleep(at % 25);
          socket.destroy();
          await closed;
        }),
      );
    }
    await expect.poll(() => open).toBe(0);
    await expect.poll(() => gateway.metrics.openStreams).toBe(0);
    await expect.poll(() => gateway.metrics.heldBytes).toBe(0);
    expect((await fetch(gateway.url.replace(/\/v1$/u, "/healthz"))).status).toBe(200);
  });

  it("one that sends its body a byte at a time for ever is not waited for", async () => {
    const url = await serve((_request, response) => void response.end());
    const gateway = await gatewayTo(url, { bodyIdleMs: 300 });
    const slow = dial(gateway.port, `${head}content-length: 1000\r\n\r\n{`);
    await slow.closed;
    expect(slow.got()).toMatch(/^HTTP\/1\.1 408 /u);
    expect(gateway.metrics.heldBytes).toBe(0);
  });

  it("one that stops reading is let go of", async () => {
    let isClosed = false;
    const url = await serve((request, response) => {
      request.resume();
      response.once("close", () => (isClosed = true));
      response.writeHead(200, { "content-type": "text/event-stream" });
      const event = delta("x".repeat(60_000));
      const more = (): void => {
        while (!response.destroyed) if (!response.write(event)) return void response.once("drain", more);
      };
      more();
    });
    const gateway = await gatewayTo(url, { idleMs: 500 });
    const { socket } = dial(gateway.port, `${head}content-length: 2\r\n\r\n{}`);
    socket.pause();
    await expect.poll(() => isClosed).toBe(true);
    await expect.poll(() => gateway.metrics.openStreams).toBe(0);
  });

  it("garbage on the line costs nobody else anything", async () => {
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"object":"response","status":"completed"}');
    });
    const gateway = await gatewayTo(url);
    for (const text of [
      "\u0000\u0001\u0002\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      `${head}content-length: -1\r\n\r\n`,
      `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`,
    ]) {
      const { closed, got } = dial(gateway.port, text);
      await closed;
      expect(got()).toMatch(/^(?:HTTP\/1\.1 4\d\d |$)/u);
    }
    expect((await ask(gateway)).status).toBe(200);
  });
});
