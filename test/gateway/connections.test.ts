// What connections do that no request asked for, and how an answer may end that is whole all the same.
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { completed, created, delta, serveRaw, sse } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo, type Tried } from "./kit.ts";

afterEach(closeAll);

const stream = created + sse("response.output_item.added", { item: {} }) + delta("a") + completed;
const head = (type: string, length: number, more = ""): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n${more}\r\n`;
const whole = (type: string, body: string, more = ""): string => head(type, body.length, more) + body;
const streamed = whole("text/event-stream", stream);
const fine = whole("application/json", "{}");
const goOn = "HTTP/1.1 100 Continue\r\n\r\n";

interface Asked {
  url: string;
  /** The request lines that came, in order. */
  readonly lines: string[];
}

/** An upstream on whose connections `answer` is told of each whole request; `nth` counts those of one connection. */
async function upstream(answer: (socket: Socket, nth: number) => void): Promise<Asked> {
  const lines: string[] = [];
  const url = await serveRaw((socket) => {
    let got = "";
    let nth = 0;
    socket.on("data", (bytes: Buffer) => {
      got += bytes.toString("latin1");
      for (;;) {
        const end = got.indexOf("\r\n\r\n") + 4;
        const length = end < 4 ? 0 : Number(/content-length: (\d+)/iu.exec(got.slice(0, end))?.[1] ?? 0);
        if (end < 4 || got.length < end + length) return;
        lines.push(got.slice(0, got.indexOf("\r\n")));
        got = got.slice(end + length);
        answer(socket, ++nth);
      }
    });
  });
  return { url, lines };
}

const chat = (gateway: Tried): Promise<Response> =>
  fetch(`${gateway.url}/chat/completions`, { method: "POST", body: "{}" });

/** A body that is more than the sockets of both sides hold, and its head. */
const large = 8_000_000;
const largeHead = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${large}\r\n\r\n`;

describe("a client's connection whose request an upstream answers before it has read it", () => {
  it.each([
    ["and goes on unread", (socket: Socket) => void socket],
    ["and is closed", (socket: Socket) => void socket.end()],
    ["and is reset", (socket: Socket) => void socket.resetAndDestroy()],
  ])("%s, is read on to its next request", async (_how, then) => {
    const url = await serveRaw((socket) => {
      socket.once("data", () => {
        socket.pause();
        socket.write(`HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\n\r\n{}`, () => then(socket));
      });
    });
    const gateway = await gatewayTo(url);
    let got = "";
    const socket = connect(gateway.port, "127.0.0.1");
    socket.on("data", (bytes: Buffer) => (got += bytes.toString()));
    socket.write(largeHead + "a".repeat(large));
    await expect.poll(() => got).toMatch(/^HTTP\/1\.1 (?:429|502) /u);
    socket.write("GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    await expect.poll(() => got).toContain('{"status":"ok"}');
    socket.destroy();
  });
});

describe("an upstream that says «100 Continue» unasked", () => {
  it("has answered once its answer comes, on every connection and every request of one", async () => {
    const { url, lines } = await upstream((socket) => void socket.write(goOn + goOn + streamed));
    const gateway = await gatewayTo(url);
    for (let nth = 0; nth < 3; nth++) expect(await (await ask(gateway)).text()).toBe(stream);
    expect((await chat(gateway)).status).toBe(200);
    expect(lines).toHaveLength(4);
  });

  it("piece by piece, and with headers, too", async () => {
    const bytes = Buffer.from(`HTTP/1.1 100 Go on\r\nx-a: b\r\n\r\n${streamed}`);
    const { url, lines } = await upstream(async (socket) => {
      socket.setNoDelay(true);
      for (let at = 0; at < 60; at++) {
        socket.write(bytes.subarray(at, at + 1));
        await new Promise<void>((done) => setImmediate(done));
      }
      socket.write(bytes.subarray(60));
    });
    expect(await (await ask(await gatewayTo(url))).text()).toBe(stream);
    expect(lines).toHaveLength(1);
  });

  it("in the middle of an answer only speaks of it", async () => {
    const body = `{"a":"${"x".repeat(100)}${goOn}"}`;
    const { url } = await upstream(async (socket) => {
      socket.write(head("text/plain", body.length) + body.slice(0, body.indexOf("HTTP")));
      await wait(20);
      socket.write(body.slice(body.indexOf("HTTP")));
    });
    expect(await (await chat(await gatewayTo(url))).text()).toBe(body);
  });
});

describe("an upstream that closes a connection just when a request goes out on it", () => {
  for (const [how, close] of [
    ["closes", (socket: Socket) => void socket.end()],
    ["resets", (socket: Socket) => void socket.resetAndDestroy()],
  ] as const)
    it(`(${how}) is asked again for what does nothing twice`, async () => {
      for (const question of [(gateway: Tried) => fetch(`${gateway.url}/models`), chat]) {
        const { url, lines } = await upstream((socket, nth) =>
          nth === 1 ? void socket.write(fine) : close(socket),
        );
        const gateway = await gatewayTo(url);
        expect((await question(gateway)).status).toBe(200);
        await wait(10);
        expect((await question(gateway)).status).toBe(200);
        expect(lines).toHaveLength(3);
        expect(gateway.lines).toHaveLength(1);
      }
    });

  it("is asked on another one for what makes something", async () => {
    const { url, lines } = await upstream((socket, nth) =>
      nth === 1 ? void socket.write(fine) : void socket.end(),
    );
    const gateway = await gatewayTo(url);
    await fetch(`${gateway.url}/models`);
    for (let nth = 0; nth < 2; nth++) {
      await wait(10);
      expect((await fetch(`${gateway.url}/files`, { method: "POST", body: "x" })).status).toBe(200);
    }
    expect(lines).toHaveLength(3);
  });

  it("is not asked again for what may have been made", async () => {
    for (const path of ["files", "threads/thread_1/messages", "files?of=/messages"]) {
      const { url, lines } = await upstream((socket) => void socket.end());
      const gateway = await gatewayTo(url);
      const made = await fetch(`${gateway.url}/${path}`, { method: "POST", body: "x" });
      expect(made.status).toBe(502);
      expect(lines).toHaveLength(1);
    }
  });

  it("each time, is a 502 after three tries", async () => {
    const { url, lines } = await upstream((socket) => void socket.end());
    expect((await fetch(`${(await gatewayTo(url)).url}/models`)).status).toBe(502);
    expect(lines).toHaveLength(3);
  });
});

describe("an answer", () => {
  it("whose head has 60 KB goes out with all of it", async () => {
    const more = Array.from({ length: 60 }, (_value, at) => `x-${at}: ${"v".repeat(1_000)}\r\n`).join("");
    const { url } = await upstream((socket) => void socket.write(whole("application/json", "{}", more)));
    const { port } = await gatewayTo(url);
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /v1/models HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
    let got = "";
    for await (const bytes of socket as AsyncIterable<Buffer>) got += bytes.toString("latin1");
    expect(got).toMatch(/^HTTP\/1\.1 200 /u);
    expect(got).toContain("x-59: vvv");
  });

  it("whose headers have bytes beyond ASCII keeps them, streaming or not", async () => {
    const { url } = await upstream(
      (socket) => void socket.write(whole("text/event-stream", stream, "x-plan: caf\u00E9\r\n"), "latin1"),
    );
    const gateway = await gatewayTo(url);
    expect((await ask(gateway)).headers.get("x-plan")).toBe("caf\u00E9");
    expect((await chat(gateway)).headers.get("x-plan")).toBe("caf\u00E9");
  });

  it("that is whole JSON is good, whatever it is called", async () => {
    const body = '{"object":"response","status":"completed","output":[]}';
    const { url, lines } = await upstream((socket) => void socket.write(whole("text/plain", body)));
    const got = await ask(await gatewayTo(url));
    expect([got.status, await got.text(), lines.length]).toEqual([200, body, 1]);
  });

  it("that is whole JSON is good, though the connection is closed before its encoding ends", async () => {
    const body = '{"object":"response","status":"completed","output":[]}';
    const chunked = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`;
    for (const answer of [chunked, head("application/json", body.length + 9) + body]) {
      const { url, lines } = await upstream((socket) => void socket.end(answer));
      const got = await ask(await gatewayTo(url));
      expect([got.status, await got.text()]).toEqual([200, body]);
      expect(lines).toHaveLength(1);
    }
  });
});
