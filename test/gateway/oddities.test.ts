import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { recovering } from "../../src/gateway.ts";
import { read } from "../kit/simulator-client.ts";
import { bodyOf, completed, created, delta, itemDone, serve, serveRaw, sse } from "../wire/upstream.ts";
import { closeBoth, last } from "./client.ts";
import { ask, gatewayTo } from "./kit.ts";

afterEach(closeBoth);

const added = sse("response.output_item.added", { item: {} });

/** An upstream that answers its n-th request with the n-th of these, as a stream. */
async function streaming(...answers: (string | Buffer)[]): Promise<{ url: string; asked(): number }> {
  let asked = 0;
  const url = await serve(async (request, response) => {
    await bodyOf(request);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.end(answers[Math.min(asked++, answers.length - 1)]);
  });
  return { url, asked: () => asked };
}

describe("streams as gateways and servers send them", () => {
  it("one whose last event has no empty line behind it is whole", async () => {
    for (const ending of ["", "\n"]) {
      const { url, asked } = await streaming(created + added + delta("a") + completed.trimEnd() + ending);
      const got = await read(await ask(await gatewayTo(url)));
      expect(last(got)).toBe("response.completed");
      expect(asked()).toBe(1);
    }
  });

  it("one whose last event is cut in its data is not", async () => {
    const { url } = await streaming(created + added + completed.slice(0, -20));
    expect(last(await read(await ask(await gatewayTo(url))))).toBe("response.failed");
  });

  it("one that is cut behind a whole call just ends: told of a failure, a client may begin the call twice", async () => {
    const item = (type: string): string =>
      itemDone(
        `{"arguments":"{\\"type\\":\\"function_call\\"}","call_id":"call_1","name":"shell","type":"${type}"}`,
      );
    const ends: Record<string, string | undefined> = {};
    for (const type of ["function_call", "custom_tool_call", "web_search_call", "reasoning"]) {
      const begun = sse("response.output_item.added", { item: { type: "function_call" } });
      const { url } = await streaming(created + added + item(type) + begun + delta("a").slice(0, -9));
      const got = await read(await ask(await gatewayTo(url)));
      expect(got.broken).toBe(false);
      ends[type] = last(got);
    }
    expect(ends).toEqual({
      function_call: "response.output_item.added",
      custom_tool_call: "response.output_item.added",
      web_search_call: "response.failed",
      reasoning: "response.failed",
    });
  });

  it("one whose provider tells an outage behind a whole call just ends as well; what asking again doesn't help is told", async () => {
    const call = itemDone('{"type":"function_call","call_id":"call_1","name":"shell","arguments":"{}"}');
    const error = (code: string): object => ({ code, message: "Try again later." });
    const tellings: ((code: string) => string)[] = [
      (code) => sse("response.failed", { response: { id: "resp_1", error: error(code) } }),
      (code) => sse("error", error(code)),
      (code) => `${sse("error", error(code))}: bye\n\n`,
    ];
    for (const tell of tellings) {
      for (const code of ["server_error", "server_is_overloaded", "rate_limit_exceeded"]) {
        const { url } = await streaming(created + added + call + tell(code));
        expect(await (await ask(await gatewayTo(url))).text()).toBe(created + added + call);
        const direct = recovering(fetch);
        const answer = await direct(`${url}/responses`, { method: "POST", body: "{}" });
        expect(await answer.text()).toBe(created + added + call);
      }
      const { url } = await streaming(created + added + call + tell("insufficient_quota"));
      expect(last(await read(await ask(await gatewayTo(url))))).toBe("response.failed");
    }
  });

  it("one that fails with a bare error object, as chat endpoints do, is asked for again", async () => {
    const bare = 'data: {"error":{"type":"server_error","message":"Overloaded.","code":503}}\n\n';
    const { url, asked } = await streaming(bare, created + added + completed);
    expect(last(await read(await ask(await gatewayTo(url))))).toBe("response.completed");
    expect(asked()).toBe(2);
  });

  it("one that comes byte by byte, begins with a mark, or has heartbeats between, arrives as it was", async () => {
    const whole = `\uFEFF: hello\n\n${created}: ping\n\n${added}${delta("é 漢 🙂")}${completed}`;
    const bytes = Buffer.from(whole);
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const byte of bytes)
        await new Promise<void>((done) => void response.write(Buffer.of(byte), () => done()));
      response.end();
    });
    const answer = await ask(await gatewayTo(url));
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it("an event of 6 MB arrives whole", async () => {
    const large = delta("x".repeat(6_000_000));
    const { url } = await streaming(created + added + large + completed);
    expect(await (await ask(await gatewayTo(url))).text()).toBe(created + added + large + completed);
  });

  it("early hints before the answer are passed over", async () => {
    const url = await serveRaw((socket) =>
      socket.once("data", () => {
        const body = created + added + completed;
        socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
        socket.end(
          `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
      }),
    );
    const answer = await ask(await gatewayTo(url));
    expect(answer.status).toBe(200);
    expect(last(await read(answer))).toBe("response.completed");
  });

  it("an answer that is shorter than it declared is a cut", async () => {
    const url = await serveRaw((socket) =>
      socket.once("data", () =>
        socket.end(
          `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100000\r\n\r\n${created}${added}`,
        ),
      ),
    );
    expect(last(await read(await ask(await gatewayTo(url))))).toBe("response.failed");
  });
});

describe("clients as they are", () => {
  it("one that offers another protocol than WebSocket is answered over this one", async () => {
    const { url } = await streaming(created + added + completed);
    const gateway = await gatewayTo(url);
    const got = await new Promise<string>((resolve) => {
      const socket = connect(gateway.port, "127.0.0.1");
      let text = "";
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes("response.completed")) socket.destroy();
      });
      socket.on("close", () => resolve(text));
      // Java's HttpClient asks so by default.
      socket.write(
        "POST /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\ncontent-length: 2\r\n\r\n{}",
      );
    });
    expect(got).toMatch(/^HTTP\/1\.1 200 /u);
  });
});
