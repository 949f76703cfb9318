import { request as httpRequest } from "node:http";
import { describe, expect, it } from "vitest";
import {
  json,
  play,
  post,
  prompt,
  read,
  stream,
  textOf,
  type Streamed,
  testSimulator,
} from "../../test/kit/simulator-client.ts";
import { startSimulator } from "./server.ts";

describe("a response", () => {
  it("streams the official events in order, numbered, with usage at the end", async () => {
    const simulator = await testSimulator();
    const got = await stream(simulator, [prompt("run: ls")], { reasoning: { summary: "auto" } });
    const names = got.events.map(({ event }) => event);
    expect(names.filter((name, at) => name !== names[at - 1])).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(got.events.map(({ data }) => data["sequence_number"])).toEqual(got.events.map((_, at) => at));
    expect(got.events.every(({ event, data }) => data["type"] === event)).toBe(true);
    expect(got.items).toMatchObject([
      {
        type: "reasoning",
        id: expect.stringMatching(/^rs_[0-9a-f]{50}$/) as string,
        encrypted_content: expect.stringMatching(/^gAAAAA/) as string,
      },
      {
        type: "function_call",
        id: expect.stringMatching(/^fc_/) as string,
        call_id: expect.stringMatching(/^call_/) as string,
        arguments: '{"command":"ls"}',
      },
    ]);
    expect(got.events.at(-1)?.data["response"]).toMatchObject({
      status: "completed",
      model: "gpt-5.5-2026-10-01",
      output: got.items,
      usage: {
        input_tokens: expect.any(Number) as number,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens_details: { reasoning_tokens: expect.any(Number) as number },
      },
    });
  });

  it("streams text and custom tool input in deltas that add up", async () => {
    const simulator = await testSimulator();
    const said = await stream(simulator, [prompt("hello")]);
    const deltas = (streamed: Streamed, type: string): string =>
      streamed.events
        .flatMap(({ event, data }) => (event === type ? [data["delta"] as string] : []))
        .join("");
    expect(deltas(said, "response.output_text.delta")).toBe(textOf(said.items));
    expect(said.events.map(({ event }) => event)).toContain("response.content_part.done");
    const text = "*** Begin Patch\n*** Add File: a\n+a\n*** End Patch";
    const patched = await stream(simulator, [prompt(`patch: ${text}`)]);
    expect(deltas(patched, "response.custom_tool_call_input.delta")).toBe(text);
    expect(patched.items.at(-1)).toMatchObject({
      type: "custom_tool_call",
      id: expect.stringMatching(/^ctc_/) as string,
      name: "apply_patch",
      input: text,
    });
  });

  it("comes as one JSON document without stream, under both paths, and seals only when asked", async () => {
    const simulator = await testSimulator();
    const whole = await json(simulator, "hello", { stream: false, include: [] });
    expect(whole).toMatchObject({
      object: "response",
      status: "completed",
      output: [{ type: "reasoning" }, { type: "message" }],
    });
    expect(JSON.stringify(whole)).not.toContain("encrypted_content");
    const bare = await fetch(`http://127.0.0.1:${simulator.port}/responses`, {
      method: "POST",
      body: '{"model":"m","input":"x"}',
    });
    expect(bare.status).toBe(200);
    expect(await (await fetch(`${simulator.url}/models`)).json()).toMatchObject({ object: "list" });
  });

  it("counts what the session's last request left in the cache", async () => {
    const simulator = await testSimulator();
    const long = "x".repeat(8000);
    await json(simulator, long, { stream: false, prompt_cache_key: "s" });
    const again = await json(simulator, long, { stream: false, prompt_cache_key: "s" });
    const { input_tokens, input_tokens_details } = again["usage"] as {
      input_tokens: number;
      input_tokens_details: { cached_tokens: number };
    };
    expect(input_tokens_details.cached_tokens).toBeGreaterThan(input_tokens - 256);
    expect(input_tokens_details.cached_tokens % 128).toBe(0);
  });
});

describe("seals", () => {
  it("open on replay until the key is rotated, and only for the account they were made for", async () => {
    const simulator = await testSimulator();
    const history = await play(simulator, "run: ls", () => "ok");
    const next = [...history, prompt("more")];
    expect((await post(simulator, next)).status).toBe(200);
    expect((await post(simulator, next, {}, { authorization: "Bearer key-2" })).status).toBe(400);
    expect((await post(simulator, next, {}, { "chatgpt-account-id": "other" })).status).toBe(400);
    simulator.rotateKey();
    const refused = await json(simulator, next);
    expect(refused["error"]).toMatchObject({
      code: "invalid_encrypted_content",
      type: "invalid_request_error",
      param: null,
    });
  });

  it("look as old as the scenario says", async () => {
    const simulator = await testSimulator({
      scenario: { seal: { age: "24d" } },
      now: () => 1_800_000_000_000,
    });
    const { items } = await stream(simulator, [prompt("x")]);
    const token = Buffer.from(items[0]!["encrypted_content"] as string, "base64url");
    expect(Number(token.readBigUInt64BE(1))).toBe(1_800_000_000 - 24 * 86_400);
  });

  it.each([
    ["event", "error", { error: { code: "invalid_encrypted_content" }, status: 400 }],
    [
      "failed",
      "response.failed",
      { response: { status: "failed", error: { code: "invalid_encrypted_content" } } },
    ],
  ] as const)("are refused inside a stream when the wording is %s", async (refusal, event, data) => {
    const simulator = await testSimulator({ scenario: { seal: { refusal } } });
    const { items } = await stream(simulator, [prompt("x")]);
    simulator.rotateKey();
    const got = await stream(simulator, [prompt("x"), ...items, prompt("y")]);
    expect(got.status).toBe(200);
    expect(got.events.at(-1)).toMatchObject({ event, data });
  });
});

describe("the server", () => {
  it("records requests without credentials, with how they ended", async () => {
    const simulator = await testSimulator();
    await (
      await post(simulator, "x", { prompt_cache_key: "s" }, { "x-api-key": "secret-2", session_id: "s" })
    ).text();
    await post(simulator, [{ type: "function_call_output", call_id: "c", output: "" }]);
    expect(simulator.requests).toMatchObject([
      {
        number: 1,
        path: "/v1/responses",
        status: 200,
        outcome: "completed",
        session: "s",
        turn: 1,
        body: { input: "x" },
        headers: { session_id: "s" },
      },
      { number: 2, status: 400, outcome: "No tool call found for function call output with call_id c." },
    ]);
    expect(JSON.stringify(simulator.requests)).not.toMatch(/key-1|secret-2/);
  });

  it("is driven from another process through /simulator", async () => {
    const simulator = await testSimulator();
    const base = `http://127.0.0.1:${simulator.port}/simulator`;
    const { items } = await stream(simulator, [prompt("x")]);
    const drive = async (path: string, init?: RequestInit): Promise<unknown> =>
      (await fetch(base + path, init)).json();
    expect(await drive("/requests")).toMatchObject({ requests: [{ number: 1 }] });
    expect(await drive("/rotate-key", { method: "POST" })).toMatchObject({ keyGeneration: 1 });
    expect((await post(simulator, [prompt("x"), ...items, prompt("y")])).status).toBe(400);
    expect(
      await drive("/reset", { method: "POST", body: 'name = "n"\n[[fault]]\nkind = "quota"\n' }),
    ).toMatchObject({ scenario: "n", requests: 0 });
    expect((await post(simulator, "x")).status).toBe(429);
    expect(await drive("/reset", { method: "POST", body: "nam = 1" })).toMatchObject({
      error: expect.stringContaining("scenario:1:") as string,
    });
    expect(simulator.scenario.name).toBe("n");
  });

  it("answers on loopback names only", async () => {
    const simulator = await testSimulator();
    const status = await new Promise((resolve, reject) => {
      const sent = httpRequest(
        { port: simulator.port, path: "/v1/models", headers: { host: "evil.example:80" } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      sent.on("error", reject).end();
    });
    expect(status).toBe(403);
  });

  it("answers no page in a browser, which could write the script", async () => {
    const simulator = await testSimulator();
    const reset = new URL("/simulator/reset", simulator.url);
    for (const headers of [
      { origin: "null" },
      { origin: "http://evil.example" },
      { "sec-fetch-site": "same-site" },
    ])
      expect((await fetch(reset, { method: "POST", headers, body: 'name = "owned"' })).status).toBe(403);
    expect(simulator.scenario.name).not.toBe("owned");
    expect((await fetch(reset, { method: "POST", body: 'name = "own"' })).status).toBe(200);
  });

  it("takes only the keys that it knows, when it has any", async () => {
    const simulator = await testSimulator({ apiKeys: ["key-1"] });
    expect((await post(simulator, "x")).status).toBe(200);
    expect(await json(simulator, "x", {}, { authorization: "Bearer other" })).toMatchObject({
      error: { code: "invalid_api_key" },
    });
  });

  it("says that its port is taken", async () => {
    const { port } = await testSimulator();
    await expect(startSimulator({ port })).rejects.toThrow(`127.0.0.1:${port}: the port is taken`);
  });

  it("refuses a scenario that is not valid", async () => {
    await expect(startSimulator({ scenario: { fault: [{ kind: "silent", for: "soon" }] } })).rejects.toThrow(
      "fault 1, for: expected a duration",
    );
  });

  it("ends at once while streams are open, and notices clients that hang up", async () => {
    const simulator = await testSimulator({ scenario: { fault: [{ kind: "silent", for: "1h", times: 2 }] } });
    const abort = new AbortController();
    const first = await fetch(`${simulator.url}/responses`, {
      method: "POST",
      body: '{"model":"m","input":"x","stream":true}',
      signal: abort.signal,
    });
    abort.abort();
    await expect(first.text()).rejects.toThrow();
    await expect.poll(() => simulator.requests[0]?.outcome).toBe("hung up");
    const second = read(await post(simulator, "x"));
    await simulator.close();
    expect((await second).broken).toBe(true);
  });
});
