// Clients that are not Codex: how they name what they ask for, and what they do about an answer themselves.
import { afterEach, describe, expect, it } from "vitest";
import { bodyOf, completed, created, delta, serve, sse } from "../wire/upstream.ts";
import { closeBoth } from "./client.ts";
import { ask, gatewayTo } from "./kit.ts";

afterEach(closeBoth);

const stream = created + delta("a") + completed;
const background = sse("response.created", { response: { id: "resp_1", background: true } });

describe("a base URL", () => {
  it("that is the upstream's but for its host leads where it would have led there", async () => {
    const paths: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url);
      response.end("{}");
    });
    const { port } = await gatewayTo(url.replace("/v1", "/api/v1"));
    for (const path of ["/api/v1/models", "/v1/models", "/models", "/api/v1", "/api/v1beta/models"])
      await fetch(`http://127.0.0.1:${port}${path}`);
    expect(paths).toEqual([
      ...Array.from({ length: 3 }, () => "/api/v1/models"),
      "/api/v1",
      "/api/v1/api/v1beta/models",
    ]);
  });

  it("at another of loopback's addresses is where the gateway was told to listen", async () => {
    const url = await serve((_request, response) => void response.end("{}"));
    const gateway = await gatewayTo(url, { host: "127.0.0.2" });
    expect((await fetch(`${gateway.url}/models`)).status).toBe(200);
  });
});

describe("a provider that says in x-should-retry", () => {
  for (const [said, status] of [
    ["false", 500],
    ["false", 429],
  ] as const)
    it(`${said} to a ${status} isn't asked again`, async () => {
      let asked = 0;
      const url = await serve(async (request, response) => {
        await bodyOf(request);
        asked++;
        response.writeHead(status, { "x-should-retry": said }).end('{"error":{"message":"No."}}');
      });
      const answer = await ask(await gatewayTo(url));
      expect([answer.status, answer.headers.get("x-should-retry"), asked]).toEqual([status, said, 1]);
    });
});

describe("a response that runs in the background", () => {
  for (const [when, events] of [
    ["before its output", background],
    ["behind its output", background + delta("a")],
  ] as const)
    it(`and whose stream is cut ${when} is taken up again by its client: no other one is begun, no end is invented`, async () => {
      let asked = 0;
      const url = await serve(async (request, response) => {
        await bodyOf(request);
        asked++;
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(events, () => response.destroy());
      });
      const { body } = await ask(await gatewayTo(url), '{"background":true,"stream":true}');
      let got = "";
      const reading = async (): Promise<void> => {
        for await (const bytes of body!) got += Buffer.from(bytes).toString();
      };
      await expect(reading()).rejects.toThrow("terminated");
      expect([got, asked]).toEqual([events, 1]);
    });
});

describe("a response that was cancelled", () => {
  it("has ended with that", async () => {
    const cancelled = created + delta("a") + sse("response.cancelled", { response: { status: "cancelled" } });
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      response.writeHead(200, { "content-type": "text/event-stream" }).end(cancelled);
    });
    expect(await (await ask(await gatewayTo(url))).text()).toBe(cancelled);
  });
});

describe("a request whose seals are refused", () => {
  const sealed = JSON.stringify({
    model: "m",
    input: [
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: `gAAAAABqAAAA${"x".repeat(60)}abc=` },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "a" }] },
      { role: "user", content: "b" },
    ],
  });
  const refusal = JSON.stringify({
    error: { code: "invalid_encrypted_content", message: "The encrypted content could not be verified." },
  });

  it("is another one when it is healed, and has neither the key nor the digest of the first", async () => {
    const seen: unknown[] = [];
    const url = await serve(async (request, response) => {
      const body = await bodyOf(request);
      seen.push(request.headers["content-digest"], request.headers["idempotency-key"]);
      if (body.includes("gAAAA")) return void response.writeHead(400).end(refusal);
      response.writeHead(200, { "content-type": "text/event-stream" }).end(stream);
    });
    const headers = { "content-digest": "sha-256=:x:", "idempotency-key": "key" };
    expect(await (await ask(await gatewayTo(url), sealed, { headers })).text()).toBe(stream);
    expect(seen).toEqual(["sha-256=:x:", "key", undefined, undefined]);
  });

  it("is healed when it asks for the tokens that it would take, or begins with a byte order mark", async () => {
    const seen: string[] = [];
    const url = await serve(async (request, response) => {
      const body = await bodyOf(request);
      seen.push(`${request.url} ${body.includes("gAAAA")}`);
      if (body.includes("gAAAA")) return void response.writeHead(400).end(refusal);
      if (request.url === "/v1/responses") response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(request.url === "/v1/responses" ? stream : '{"object":"response.input_tokens"}');
    });
    const { url: base } = await gatewayTo(url);
    const counted = await fetch(`${base}/responses/input_tokens`, { method: "POST", body: sealed });
    expect(await counted.text()).toContain("input_tokens");
    const marked = await ask(await gatewayTo(url), `\uFEFF${sealed}`);
    expect(await marked.text()).toBe(stream);
    expect(seen).toEqual([
      "/v1/responses/input_tokens true",
      "/v1/responses/input_tokens false",
      "/v1/responses true",
      "/v1/responses false",
    ]);
  });
});
