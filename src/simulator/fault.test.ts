import { describe, expect, it } from "vitest";
import {
  json,
  last,
  play,
  post,
  prompt,
  stream,
  type Streamed,
  testSimulator,
} from "../../test/kit/simulator-client.ts";
import type { JsonObject } from "../lib/json.ts";
import { shell, step, turn, type FaultInput, type Simulator, type SimulatorOptions } from "./server.ts";

describe("faults that refuse", () => {
  const met = async (
    fault: FaultInput,
    options: SimulatorOptions = {},
  ): Promise<{ response: Response; body: JsonObject; simulator: Simulator }> => {
    const simulator = await testSimulator({ ...options, scenario: { fault: [fault] } });
    const response = await post(simulator, "x");
    return { response, body: (await response.json()) as JsonObject, simulator };
  };

  it("usage limit: real body and headers, for every request until the reset has passed", async () => {
    let now = 1_800_000_000_000;
    const { response, body, simulator } = await met(
      { kind: "usage-limit", resets_in: "3h" },
      { now: () => now },
    );
    expect(response.status).toBe(429);
    expect(body).toEqual({
      error: {
        type: "usage_limit_reached",
        message: "The usage limit has been reached",
        plan_type: "plus",
        resets_at: 1_800_010_800,
        resets_in_seconds: 10_800,
      },
    });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "x-codex-active-limit": "primary",
      "x-codex-primary-used-percent": "100",
      "x-codex-primary-window-minutes": "300",
      "x-codex-primary-reset-at": "1800010800",
      "x-codex-primary-reset-after-seconds": "10800",
      "x-codex-secondary-used-percent": "42",
    });
    now += 3 * 3_600_000 - 1000;
    expect(await json(simulator, "x")).toMatchObject({ error: { resets_in_seconds: 1 } });
    now += 1000;
    expect((await post(simulator, "x")).status).toBe(200);
  });

  it("usage limit as a stream event carries its status and headers", async () => {
    const simulator = await testSimulator({
      scenario: { fault: [{ kind: "usage-limit", resets_in: "1m", as: "event" }] },
    });
    const got = await stream(simulator, "x");
    expect(got.events).toMatchObject([
      {
        event: "error",
        data: {
          error: { type: "usage_limit_reached" },
          status_code: 429,
          headers: { "x-codex-active-limit": "primary" },
        },
      },
    ]);
  });

  it.each([
    ["header", "2500ms", { "retry-after": "3" }, "2.5s"],
    ["header-ms", "250ms", { "retry-after-ms": "250" }, "250ms"],
    ["date", "2s", { "retry-after": "Fri, 15 Jan 2027 08:00:02 GMT" }, "2s"],
    ["text", "11054ms", {}, "11.054s"],
  ] as const)("rate limit told by %s", async (told, retry_after, headers, words) => {
    const { response, body } = await met(
      { kind: "rate-limit", told, retry_after },
      { now: () => 1_800_000_000_000 },
    );
    expect(response.status).toBe(429);
    expect(Object.fromEntries(response.headers)).toMatchObject(headers);
    if (told === "text") expect(response.headers.get("retry-after")).toBeNull();
    expect(body["error"]).toMatchObject({
      code: "rate_limit_exceeded",
      message: expect.stringContaining(`Please try again in ${words}.`) as string,
    });
  });

  it.each([
    [{ kind: "quota" }, 429, { code: "insufficient_quota" }],
    [{ kind: "overloaded" }, 503, { code: "server_is_overloaded" }],
    [{ kind: "overloaded", code: "slow_down" }, 503, { code: "slow_down" }],
    [{ kind: "context-overflow" }, 400, { code: "context_length_exceeded" }],
    [{ kind: "status", status: 502 }, 502, { type: "server_error" }],
    [
      { kind: "status", status: 404, code: "model_not_found", message: "gone" },
      404,
      { code: "model_not_found", message: "gone" },
    ],
  ] as const)("%o", async (fault, status, error) => {
    const { response, body } = await met(fault);
    expect(response.status).toBe(status);
    expect(body["error"]).toMatchObject(error);
  });

  it("a body of its own goes out as it is", async () => {
    const simulator = await testSimulator({
      scenario: { fault: [{ kind: "status", status: 403, body: "<html>no</html>" }] },
    });
    const response = await post(simulator, "x");
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(await response.text()).toBe("<html>no</html>");
  });

  it("context overflow beyond the token budget", async () => {
    const simulator = await testSimulator({
      scenario: { limits: { context_tokens: 1000, overflow: "failed" } },
    });
    expect(last(await stream(simulator, "x"))).toBe("response.completed");
    const got = await stream(simulator, "x".repeat(4000));
    expect(got.events.at(-1)).toMatchObject({
      event: "response.failed",
      data: { response: { error: { code: "context_length_exceeded" } } },
    });
  });

  it("come at the request, the step and the turn that they name, as often as they say", async () => {
    const simulator = await testSimulator({
      scenario: {
        turn: [turn(/x/, step("hi", { name: "hi" })), turn(/never/, step("ho", { name: "absent" }))],
        fault: [
          { kind: "status", status: 500, request: 2, times: 2 },
          { kind: "status", status: 501, step: "hi" },
          { kind: "status", status: 502, turn: 2 },
          { kind: "status", status: 503, request: 2, per: "session", step: "absent" },
          { kind: "status", status: 504, request: 2, per: "session", turn: 1 },
        ],
      },
    });
    const status = async (input: unknown, key = "a"): Promise<number> =>
      (await post(simulator, input, { stream: false, prompt_cache_key: key })).status;
    expect(await status("y")).toBe(200);
    expect(await status("y", "b")).toBe(500);
    expect(await status("y", "c")).toBe(500);
    expect(await status("x", "d")).toBe(501);
    expect(await status([prompt("y"), { role: "assistant", content: "z" }, prompt("y")], "e")).toBe(502);
    expect(await status("y", "c")).toBe(504);
    expect(await status("y", "c")).toBe(200);
    expect(await status("y", "a")).toBe(504);
  });

  it("the key rotates before the request that they name", async () => {
    const simulator = await testSimulator({ scenario: { fault: [{ kind: "rotate-key", turn: 2 }] } });
    const history = await play(simulator, "x", () => "");
    expect((await post(simulator, [...history, prompt("y")])).status).toBe(400);
    const healed = history.filter(({ type }) => type !== "reasoning");
    expect((await post(simulator, [...healed, prompt("y")])).status).toBe(200);
  });
});

describe("faults in the stream", () => {
  const tooled = {
    turn: [
      turn(
        undefined,
        step([shell("a"), shell("b")], { reason: "think", say: "I will run two commands now." }),
        step("done"),
      ),
    ],
  };
  const met = async (fault: FaultInput): Promise<Streamed & { simulator: Simulator }> => {
    const simulator = await testSimulator({ scenario: { ...tooled, fault: [fault] } });
    return { ...(await stream(simulator, [prompt("go")])), simulator };
  };

  it.each([
    ["headers", [], undefined],
    ["created", [], "response.in_progress"],
    ["item", ["reasoning"], "response.output_item.done"],
    ["message", ["reasoning", "message"], "response.output_item.done"],
    ["text", ["reasoning"], "response.output_text.delta"],
    ["call", ["reasoning", "message", "function_call"], "response.output_item.done"],
    ["arguments", ["reasoning", "message"], "response.function_call_arguments.delta"],
    ["end", ["reasoning", "message", "function_call", "function_call"], "response.output_item.done"],
  ] as const)("cut after %s", async (after, items, event) => {
    const got = await met({ kind: "cut", after });
    expect(got.broken).toBe(true);
    expect(got.items.map(({ type }) => type)).toEqual(items);
    expect(last(got)).toBe(event);
    expect(got.simulator.requests.at(-1)).toMatchObject({ status: 200, outcome: "cut" });
    expect(last(await stream(got.simulator, [prompt("go")]))).toBe("response.completed");
  });

  it("a cut in the middle of text leaves half a frame behind", async () => {
    const got = await met({ kind: "cut", after: "text" });
    expect(got.raw.endsWith("\n\n")).toBe(false);
  });

  it("cut after the second call", async () => {
    const got = await met({ kind: "cut", after: "call", nth: 2 });
    expect(got.items.filter(({ type }) => type === "function_call")).toHaveLength(2);
  });

  it("a cut by reset breaks the connection too", async () => {
    // What the client had not read by then, a reset takes away: only the break is certain.
    const got = await met({ kind: "cut", after: "call", reset: true });
    expect(got.broken).toBe(true);
  });

  it("waits for a response that passes its point", async () => {
    const simulator = await testSimulator({ scenario: { fault: [{ kind: "cut", after: "call" }] } });
    expect(last(await stream(simulator, "hello"))).toBe("response.completed");
    expect((await stream(simulator, "run: ls")).broken).toBe(true);
  });

  it("silence, then on; silence, then a cut", async () => {
    const begun = performance.now();
    expect(last(await met({ kind: "silent", after: "item", for: "150ms" }))).toBe("response.completed");
    expect(performance.now() - begun).toBeGreaterThan(140);
    expect((await met({ kind: "silent", after: "headers", for: "10ms", afterwards: "cut" })).broken).toBe(
      true,
    );
  });

  it.each([
    [
      { kind: "failed", after: "message", code: "server_error" },
      "response.failed",
      { response: { status: "failed", error: { code: "server_error" } } },
    ],
    [
      { kind: "incomplete", reason: "content_filter" },
      "response.incomplete",
      { response: { status: "incomplete", incomplete_details: { reason: "content_filter" } } },
    ],
    [
      { kind: "error-event", code: "slow_down", status: 503 },
      "error",
      { error: { code: "slow_down" }, status: 503 },
    ],
    [
      { kind: "error-event", code: "slow_down", shape: "flat" },
      "error",
      { code: "slow_down", message: expect.any(String) as string },
    ],
  ] as const)("%o", async (fault, event, data) => {
    const got = await met(fault);
    expect(got.broken).toBe(false);
    expect(got.events.at(-1)).toMatchObject({ event, data });
  });

  it("garbage between two events", async () => {
    const simulator = await testSimulator({
      scenario: { ...tooled, fault: [{ kind: "garbage", after: "item", text: "data: {not json\n\n" }] },
    });
    const raw = await (await post(simulator, "x")).text();
    expect(raw).toMatch(/\n\ndata: \{not json\n\nevent: response\.output_item\.added/);
    expect(raw).toContain("event: response.completed");
  });

  it("reach requests without stream as well", async () => {
    const simulator = await testSimulator({
      scenario: { fault: [{ kind: "cut" }, { kind: "incomplete", request: 2 }] },
    });
    await expect(post(simulator, "x", { stream: false })).rejects.toThrow("fetch failed");
    expect(await json(simulator, "x", { stream: false })).toMatchObject({ status: "incomplete" });
  });
});
