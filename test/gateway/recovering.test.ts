import { afterEach, describe, expect, it } from "vitest";
import OpenAI from "openai";
import * as undici from "undici";
import { openLedger, recovering } from "../../src/gateway.ts";
import { type ScenarioInput, type Simulator, startSimulator } from "../../src/simulator/server.ts";
import { prompt, read } from "../kit/simulator-client.ts";
import { closeServers, created, delta, serve, sse } from "../wire/upstream.ts";
import { last, sealsIn, talk } from "./client.ts";

const simulators: Simulator[] = [];
afterEach(async () => {
  closeServers();
  await Promise.all(simulators.splice(0).map((simulator) => simulator.close()));
});

async function simulated(scenario: ScenarioInput = talk): Promise<Simulator> {
  const simulator = await startSimulator({ scenario });
  simulators.push(simulator);
  return simulator;
}

const body = JSON.stringify({ model: "gpt-5.5", store: false, stream: true, input: [prompt("hello")] });
const asking = { method: "POST", headers: { "content-type": "application/json" }, body };
const steady = { random: () => 0 };

describe("a fetch that recovers", () => {
  it("heals the OpenAI SDK's requests, streamed ones too: N turns cost N + 1 requests", async () => {
    const simulator = await simulated();
    const ledger = openLedger();
    const client = new OpenAI({
      baseURL: simulator.url,
      apiKey: "key-1",
      maxRetries: 0,
      fetch: recovering(fetch, { ledger, ...steady }),
    });
    const input: OpenAI.Responses.ResponseInput = [];
    for (const text of ["one", "two", "three", "four"]) {
      input.push({ role: "user", content: text });
      const stream = await client.responses.create({
        model: "gpt-5.5",
        store: false,
        include: ["reasoning.encrypted_content"],
        input,
        stream: true,
      });
      let whole: OpenAI.Responses.Response | undefined;
      for await (const event of stream) if (event.type === "response.completed") whole = event.response;
      expect(whole?.output_text ?? whole?.status).toBeDefined();
      input.push(...(whole!.output as OpenAI.Responses.ResponseInputItem[]));
      if (text === "two") simulator.rotateKey();
    }
    expect(simulator.requests.map(sealsIn)).toEqual([0, 1, 2, 0, 1]);
    ledger.close();
  });

  it("takes the fetch of a package too, whose answers are of a class of their own", async () => {
    const simulator = await simulated({ ...talk, fault: [{ kind: "overloaded" }] });
    const own = undici.fetch as unknown as typeof fetch;
    const got = await read(await recovering(own, steady)(`${simulator.url}/responses`, asking));
    expect([got.status, last(got), simulator.requests.length]).toEqual([200, "response.completed", 2]);
  });

  it("asks again before output, and ends a stream that is cut after it with response.failed", async () => {
    const simulator = await simulated({
      ...talk,
      fault: [{ kind: "cut", after: "created" }, { kind: "overloaded" }, { kind: "cut", after: "item" }],
    });
    const got = await read(await recovering(fetch, steady)(`${simulator.url}/responses`, asking));
    expect(simulator.requests).toHaveLength(3);
    expect(got.broken).toBe(false);
    expect(last(got)).toBe("response.failed");
  });

  it("passes a refusal on as it came, and throws what fetch threw", async () => {
    const simulator = await simulated({ ...talk, fault: [{ kind: "usage-limit", resets_in: "5h" }] });
    const response = await recovering(fetch, steady)(`${simulator.url}/responses`, asking);
    expect(response.status).toBe(429);
    expect(response.headers.get("x-codex-primary-used-percent")).toBe("100");
    expect(response.headers.get("x-throughline-failure")).toBe("usage-limit");
    expect(await response.text()).toContain("usage_limit_reached");
    await expect(recovering(fetch, steady)("http://127.0.0.1:1/v1/responses", asking)).rejects.toThrow(
      "fetch failed",
    );
  });

  it.each([
    ["a Request", (url: string) => [new Request(url, asking)]],
    [
      "a Request with other headers",
      (url: string) => [new Request(url, asking), { headers: asking.headers }],
    ],
    ["an ArrayBuffer", (url: string) => [url, { ...asking, body: new TextEncoder().encode(body).buffer }]],
    ["a Blob", (url: string) => [url, { ...asking, body: new Blob([body]) }]],
    ["a stream", (url: string) => [url, { ...asking, body: new Blob([body]).stream(), duplex: "half" }]],
  ] as const)("sends %s again as it was", async (_what, given) => {
    const simulator = await simulated({ ...talk, fault: [{ kind: "cut", after: "created" }] });
    const asked = given(`${simulator.url}/responses`) as unknown as Parameters<typeof fetch>;
    expect(last(await read(await recovering(fetch, steady)(...asked)))).toBe("response.completed");
    expect(simulator.requests.map((request) => JSON.stringify(request.body))).toEqual([body, body]);
  });

  it("answers with the address, the cookies and the words of fetch's answer", async () => {
    const url = await serve((request, response) => {
      request.resume();
      response
        .writeHead(409, "Not now", { "set-cookie": ["a=1", "b=2"], "x-should-retry": "false" })
        .end("{}");
    });
    const answer = await recovering(fetch, steady)(`${url}/responses`, asking);
    expect([answer.url, answer.statusText]).toEqual([`${url}/responses`, "Not now"]);
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("breaks a stream off with what its signal was aborted with, and doesn't call it the provider's failure", async () => {
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(created + sse("response.output_item.added", { item: {} }) + delta("a"));
    });
    const aborting = new AbortController();
    const init = { ...asking, signal: aborting.signal };
    const answer = await recovering(fetch, steady)(`${url}/responses`, init);
    aborting.abort(new Error("enough"));
    await expect(answer.text()).rejects.toThrow("enough");
  });

  it("leaves everything else to fetch, untouched", async () => {
    const calls: unknown[][] = [];
    const own = (async (...given: unknown[]) => {
      calls.push(given);
      return new Response("ok");
    }) as typeof fetch;
    const init = { method: "POST", body: "{}" };
    const recovered = recovering(own);
    await recovered("http://a/v1/models");
    await recovered("http://a/v1/chat/completions", init);
    await recovered("http://a/v1/responses", { method: "GET" });
    expect(calls).toEqual([
      ["http://a/v1/models", undefined],
      ["http://a/v1/chat/completions", init],
      ["http://a/v1/responses", { method: "GET" }],
    ]);
  });

  it("is cancelled by its signal, while it waits and while it streams", async () => {
    const simulator = await simulated({ ...talk, fault: [{ kind: "rate-limit", retry_after: "30s" }] });
    const waiting = new AbortController();
    const asked = recovering(fetch, steady)(`${simulator.url}/responses`, {
      ...asking,
      signal: waiting.signal,
    });
    await expect.poll(() => simulator.requests.length).toBe(1);
    waiting.abort();
    await expect(asked).rejects.toThrow(/abort/iu);

    let isClosed = false;
    const url = await serve((request, response) => {
      request.resume();
      response.once("close", () => (isClosed = true));
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(created + sse("response.output_item.added", { item: {} }) + delta("a"));
    });
    const response = await recovering(fetch, steady)(`${url}/responses`, asking);
    const reader = response.body!.getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel();
    await expect.poll(() => isClosed).toBe(true);
  });

  it("takes no more from the provider than its reader takes", async () => {
    let sent = 0;
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(created + sse("response.output_item.added", { item: {} }));
      const event = delta("x".repeat(60_000));
      const more = (): void => {
        while (sent < 200_000_000 && !response.destroyed) {
          sent += event.length;
          if (!response.write(event)) return void response.once("drain", more);
        }
      };
      more();
    });
    const response = await recovering(fetch, steady)(`${url}/responses`, asking);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(sent).toBeLessThan(40_000_000);
    await response.body!.cancel();
  });
});
