// How long an upstream may say nothing: a stream for some minutes, and as long as its client waits where a model may think before it answers.
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { serve } from "../wire/upstream.ts";
import { ask, closeAll, gatewayTo } from "./kit.ts";

afterEach(closeAll);

const answer = '{"id":"resp_1","object":"response","status":"completed","output":[]}';

/** An upstream that says nothing for `ms`, and how often it was asked. */
async function silentFor(ms: number): Promise<{ url: string; asked(): number }> {
  let asked = 0;
  const url = await serve(async (request, response) => {
    asked++;
    request.resume();
    await sleep(ms);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(answer);
  });
  return { url, asked: () => asked };
}

describe("an upstream that is silent for longer than a stream may be", () => {
  const whole = '{"model":"gpt-5-pro","input":"hello"}';
  it.each([
    ["a whole response", "/responses", whole, {}],
    ["a whole response, packed", "/responses", gzipSync(whole), { "content-encoding": "gzip" }],
    ["a whole response, told so", "/responses", '{"stream": false,"input":[{"stream":true}]}', {}],
    ["a compaction", "/responses/compact", '{"input":[]}', {}],
    ["a chat completion", "/chat/completions", whole, {}],
    ["a file", "/files", "x", {}],
  ] as const)("is waited for where the answer comes whole: %s", async (_name, path, body, headers) => {
    const { url, asked } = await silentFor(1_500);
    const gateway = await gatewayTo(url, { idleMs: 200 });
    const response = await fetch(`${gateway.url}${path}`, { method: "POST", body, headers });
    expect(await response.text()).toBe(answer);
    expect(asked()).toBe(1);
    expect(gateway.lines).toEqual([]);
  });

  it("is given up where a stream was asked for", async () => {
    const { url, asked } = await silentFor(60_000);
    const response = await ask(await gatewayTo(url, { idleMs: 200, random: () => 0 }), '{ "stream": true }');
    expect(response.status).toBe(504);
    expect(asked()).toBe(3);
  });

  it("is given up where a stream that passes through has begun", async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: {}\n\n");
    });
    const gateway = await gatewayTo(url, { idleMs: 200 });
    const response = await fetch(`${gateway.url}/chat/completions`, { method: "POST", body: whole });
    await expect(response.text()).rejects.toThrow();
  });

  it.each(["/responses", "/files"])("is given up in the end: %s", async (path) => {
    const { url } = await silentFor(60_000);
    const gateway = await gatewayTo(url, { idleMs: 100, wholeIdleMs: 300, random: () => 0 });
    const response = await fetch(`${gateway.url}${path}`, { method: "POST", body: whole });
    expect(response.status).toBe(path === "/files" ? 502 : 504);
  });
});
