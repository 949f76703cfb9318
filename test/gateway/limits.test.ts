import { afterEach, describe, expect, it } from "vitest";
import { bodyOf, completed, created, delta, itemDone, serve, sse } from "../wire/upstream.ts";
import { read } from "../kit/simulator-client.ts";
import { both, closeBoth, last, send, talk } from "./client.ts";
import { ask, gatewayTo } from "./kit.ts";

afterEach(closeBoth);

const prompt = [{ role: "user", content: "hello" }];

describe("limits and overload", () => {
  it.each(["http", "event", "failed"] as const)(
    "a rate limit told as %s is waited for, as long as it asks",
    async (as) => {
      const { simulator, gateway } = await both({
        ...talk,
        fault: [{ kind: "rate-limit", retry_after: "300ms", told: "text", as, times: 2 }],
      });
      const before = performance.now();
      expect(last(await send(gateway, prompt))).toBe("response.completed");
      expect(performance.now() - before).toBeGreaterThan(600);
      expect(simulator.requests).toHaveLength(3);
      expect(gateway.metrics.total("retries")).toBe(2);
    },
  );

  it.each(["http", "event", "failed"] as const)(
    "overload told as %s is backed off from, a bounded number of times",
    async (as) => {
      const { simulator, gateway } = await both({ ...talk, fault: [{ kind: "overloaded", as, times: 2 }] });
      expect(last(await send(gateway, prompt))).toBe("response.completed");
      expect(simulator.requests).toHaveLength(3);
    },
  );

  it("a 5xx that stays is passed on as it came", async () => {
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      response.writeHead(400, { "content-type": "application/json", "x-request-id": "req_1" });
      response.end('{"error":{"message":"No such thing as that.","code":"odd"}}');
    });
    const response = await ask(await gatewayTo(url));
    expect(response.status).toBe(400);
    expect(response.headers.get("x-request-id")).toBe("req_1");
    expect(response.headers.get("x-throughline-failure")).toBe("unknown-provider-failure");
    expect(await response.text()).toBe('{"error":{"message":"No such thing as that.","code":"odd"}}');
  });

  it("a usage limit is passed on with its time and its headers", async () => {
    const { simulator, gateway } = await both({ ...talk, fault: [{ kind: "usage-limit", resets_in: "5h" }] });
    const response = await ask(gateway, JSON.stringify({ model: "gpt-5.5", input: prompt, stream: true }));
    expect(response.status).toBe(429);
    expect(response.headers.get("x-codex-primary-used-percent")).toBe("100");
    const { error } = (await response.json()) as { error: { type: string; resets_at: number } };
    expect(error.type).toBe("usage_limit_reached");
    expect(error.resets_at).toBeGreaterThan(Date.now() / 1_000);
    expect(simulator.requests).toHaveLength(1);
  });

  it.each(["http", "event"] as const)(
    "told as %s it is held with --wait-for-limits, until it ends",
    async (as) => {
      const { simulator, gateway } = await both(
        { ...talk, fault: [{ kind: "usage-limit", resets_in: "1s", as }] },
        { waitForLimits: true },
      );
      expect(last(await send(gateway, prompt))).toBe("response.completed");
      expect(simulator.requests.length).toBeGreaterThan(1);
      expect(gateway.lines.join("\n")).toMatch(/usage-limit; held until .* UTC/u);
    },
  );

  it("a client that goes away while it is held is forgotten", async () => {
    const { simulator, gateway } = await both(
      { ...talk, fault: [{ kind: "usage-limit", resets_in: "5h" }] },
      { waitForLimits: true },
    );
    const controller = new AbortController();
    const asked = ask(gateway, JSON.stringify({ model: "gpt-5.5", input: prompt }), {
      signal: controller.signal,
    });
    await expect.poll(() => gateway.metrics.total("holds")).toBe(1);
    controller.abort();
    await expect(asked).rejects.toThrow();
    await expect.poll(() => gateway.metrics.total("cancelled")).toBe(1);
    expect(gateway.metrics.heldBytes).toBe(0);
    expect(simulator.requests).toHaveLength(1);
  });

  it.each([
    [402, '{"error":{"message":"Out of credit.","code":"insufficient_credits"}}', "billing"],
    [400, '{"error":{"message":"filtered","code":"content_filter"}}', "refusal"],
    [
      400,
      '{"error":{"message":"Your input exceeds the context window of this model.","code":"context_length_exceeded"}}',
      "context-overflow",
    ],
    [401, '{"error":{"message":"Incorrect API key provided.","code":"invalid_api_key"}}', "auth-denied"],
  ])("%d is the client's to know, at once: %s", async (status, body, failure) => {
    let asked = 0;
    const url = await serve(async (request, response) => {
      await bodyOf(request);
      asked++;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(body);
    });
    const response = await ask(await gatewayTo(url), JSON.stringify({ input: prompt }));
    expect([response.status, await response.text(), response.headers.get("x-throughline-failure")]).toEqual([
      status,
      body,
      failure,
    ]);
    expect(asked).toBe(1);
  });
});

describe("a stream that fails", () => {
  it.each(["headers", "created"] as const)(
    "by a cut after its %s is asked for again, unseen",
    async (after) => {
      const { simulator, gateway } = await both({ ...talk, fault: [{ kind: "cut", after, times: 2 }] });
      const got = await send(gateway, prompt);
      expect(last(got)).toBe("response.completed");
      expect(got.events.filter(({ event }) => event === "response.created")).toHaveLength(1);
      expect(simulator.requests).toHaveLength(3);
    },
  );

  it("by an event before any output is asked for again, unseen", async () => {
    const { simulator, gateway } = await both({
      ...talk,
      fault: [
        { kind: "failed", code: "server_error" },
        { kind: "error-event", shape: "flat", code: "server_error" },
      ],
    });
    const got = await send(gateway, prompt);
    expect(last(got)).toBe("response.completed");
    expect(got.events.filter(({ event }) => event === "response.failed" || event === "error")).toEqual([]);
    expect(simulator.requests).toHaveLength(3);
  });

  it.each(["reasoning", "text", "item", "message", "end"] as const)(
    "by a cut after %s ends with response.failed, and nothing is asked again",
    async (after) => {
      for (const reset of [false, true]) {
        const { simulator, gateway } = await both({ ...talk, fault: [{ kind: "cut", after, reset }] });
        const got = await send(gateway, prompt, { reasoning: { summary: "auto" } });
        expect(got.broken).toBe(false);
        expect(last(got)).toBe("response.failed");
        const { response } = got.events.at(-1)!.data as {
          response: { id: string; error: { message: string } };
        };
        expect(response.error.message).toContain("transport-interrupted");
        expect(response.id).toBe((got.events[0]!.data as { response: { id: string } }).response.id);
        expect(simulator.requests).toHaveLength(1);
      }
    },
  );

  it("in the middle of an event loses that event alone", async () => {
    const whole = [
      created,
      sse("response.output_item.added", { item: {} }),
      itemDone('{"type":"message"}'),
    ].join("");
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(whole + delta("half").slice(0, -20), () => response.socket?.destroy());
    });
    const got = await read(await ask(await gatewayTo(url)));
    expect(got.raw.startsWith(whole)).toBe(true);
    expect(got.raw.slice(whole.length)).toMatch(/^event: response\.failed\n/u);
  });

  it("by silence is asked for again before output, and told after it", async () => {
    let asked = 0;
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      asked++;
      response.write(
        asked === 1 ? created : created + sse("response.output_item.added", { item: {} }) + delta("a"),
      );
    });
    const got = await read(await ask(await gatewayTo(url, { idleMs: 1_000 })));
    expect(asked).toBe(2);
    expect(last(got)).toBe("response.failed");
    expect(JSON.stringify(got.events.at(-1))).toContain("idle");
  });

  it("in an answer that doesn't stream is asked for again too", async () => {
    const { simulator, gateway } = await both({
      ...talk,
      fault: [{ kind: "failed" }, { kind: "garbage", text: '{"half":' }, { kind: "cut" }],
    });
    const response = await ask(gateway, JSON.stringify({ model: "gpt-5.5", input: prompt }));
    expect(((await response.json()) as { status: string }).status).toBe("completed");
    expect(simulator.requests).toHaveLength(4);
  });

  it("whose events have no names, or end with CRLF, is known all the same", async () => {
    const bare = (text: string): string => text.replaceAll(/^event: .*\n/gmu, "");
    for (const form of [bare, (text: string) => text.replaceAll("\n", "\r\n")]) {
      let asked = 0;
      const added = sse("response.output_item.added", { item: {} });
      const url = await serve((request, response) => {
        request.resume();
        response.writeHead(200, { "content-type": "text/event-stream" });
        asked++;
        if (asked === 1)
          response.end(
            form(
              created +
                sse("response.failed", { response: { error: { code: "server_error", message: "x" } } }),
            ),
          );
        else response.end(form(created + added + completed));
      });
      const text = await (await ask(await gatewayTo(url))).text();
      expect(text).toBe(form(created + added + completed));
      expect(asked).toBe(2);
    }
  });

  it("and keeps failing so, is passed on as it came", async () => {
    const failed = sse("response.failed", {
      response: { error: { code: "insufficient_quota", message: "You exceeded your current quota." } },
    });
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream", "x-request-id": "req_1" });
      response.end(created + failed);
    });
    const response = await ask(await gatewayTo(url));
    expect(await response.text()).toBe(created + failed);
    expect(response.headers.get("x-request-id")).toBe("req_1");
  });
});
