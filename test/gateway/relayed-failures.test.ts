// What relays make of a failure (2026): outages that hide a refusal, or are told like one, and outputs that they put elsewhere.
import { afterEach, describe, expect, it } from "vitest";
import { closeBoth } from "./client.ts";
import { endpoint, good, invalid, items, refused, requestBody, seal } from "./endpoint.ts";
import { ask, gatewayTo } from "./kit.ts";

afterEach(closeBoth);

describe("a refusal", () => {
  it("of an output that stands apart from its call is told as what was done about it (farion1231/cc-switch#7190)", async () => {
    const [first, reasoned, call, output, last] = items(requestBody());
    const notice = {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: "It was resized." }],
    };
    const input = [first!, reasoned!, call!, notice, output!, last!];
    const { url, sent } = await endpoint((body) =>
      items(body)[3]?.["output"] === undefined
        ? invalid("No tool output found for tool call call_1.")
        : undefined,
    );
    const gateway = await gatewayTo(url);
    expect(await (await ask(gateway, JSON.stringify(requestBody({ input })))).text()).toBe(good);
    expect(items(sent.at(-1)!.body)).toEqual([first, reasoned, call, output, notice, last]);
    expect(gateway.lines.join()).toContain(
      ": outputs were put right behind their calls (call-without-output",
    );
  });

  it("that a relay tells as its own error 500, with the upstream's status among its words, is no outage", async () => {
    const message =
      "CC Switch local proxy failed while handling Codex endpoint /responses. Provider: a provider with a long name; model: DeepSeek-V4-Flash-0731; upstream_status: HTTP 500; cause: upstream status 400: Bad Request";
    const answer = refused(500, { error: { message, type: "server_error", code: "internal_server_error" } });
    const { url, sent } = await endpoint((body) =>
      items(body).some(({ type }) => type === "function_call") ? answer : undefined,
    );
    const gateway = await gatewayTo(url, { random: () => 0 });
    for (let turn = 0; turn < 2; turn++)
      expect(await (await ask(gateway, JSON.stringify(requestBody()))).text()).toBe(good);
    expect(sent.length).toBeLessThanOrEqual(7);
    expect(gateway.lines.join()).not.toContain("again in");
  });

  it("that a relay keeps to itself is found out, and remembered when it was found out twice (Wei-Shaw/sub2api#3038)", async () => {
    const answer = refused(502, { error: { message: "Upstream request failed", type: "upstream_error" } });
    const { url, sent } = await endpoint((_body, text) => (text.includes(seal) ? answer : undefined));
    const gateway = await gatewayTo(url, { random: () => 0 });
    const counts: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const before = sent.length;
      expect(await (await ask(gateway, JSON.stringify(requestBody()))).text()).toBe(good);
      counts.push(sent.length - before);
      const types = items(sent.at(-1)!.body).map(({ type }) => type);
      expect(types).toEqual(["message", "function_call", "function_call_output", "message"]);
    }
    expect(counts).toEqual([4, 2, 1, 1]);
  });

  it("an outage that says no more than that costs its tries and one more, and nothing is remembered of it", async () => {
    const answer = refused(502, { error: { message: "Upstream request failed", type: "upstream_error" } });
    let asked = 0;
    const { url, sent } = await endpoint(() => (asked++ < 5 ? answer : undefined));
    const gateway = await gatewayTo(url, { random: () => 0 });
    for (let turn = 0; turn < 2; turn++)
      expect(await (await ask(gateway, JSON.stringify(requestBody()))).text()).toBe(good);
    expect(sent.map(({ text }) => text.includes(seal))).toEqual([true, true, true, false, true, true, true]);
  });

  it("an outage that ended just when it was tried without seals is none of theirs: the next request that is taken with them says so", async () => {
    const answer = refused(502, { error: { message: "Upstream request failed", type: "upstream_error" } });
    const failing = [0, 1, 2, 5];
    let asked = 0;
    const { url, sent } = await endpoint(() => (failing.includes(asked++) ? answer : undefined));
    const gateway = await gatewayTo(url, { random: () => 0 });
    for (let turn = 0; turn < 4; turn++)
      expect(await (await ask(gateway, JSON.stringify(requestBody()))).text()).toBe(good);
    expect(sent.map(({ text }) => text.includes(seal))).toEqual([
      true,
      true,
      true,
      false,
      true,
      true,
      true,
      true,
    ]);
  });
});

describe("a failure that is told like a refusal", () => {
  it.each([
    [
      "of a relay's own stream (router-for-me/CLIProxyAPI#3055)",
      {
        status: 200,
        type: "text/event-stream",
        body: 'data: {"error":{"message":"stream error: stream disconnected before completion: stream closed before response.completed","type":"invalid_request_error"}}\n\n',
      },
    ],
    [
      "of a relay's that answers 200 to everything",
      { status: 200, type: "application/json", body: '{"code":500,"msg":"upstream timeout","data":null}' },
    ],
    ["of nginx's, whose client went away", { status: 499, body: "" }],
    ["that came too early", { status: 425, body: "" }],
  ] as const)("%s is asked again as it was, and nothing is noted of its seals", async (_what, answer) => {
    let asked = 0;
    const { url, sent } = await endpoint(() => (asked++ === 0 ? answer : undefined));
    const gateway = await gatewayTo(url);
    for (let turn = 0; turn < 2; turn++)
      expect(await (await ask(gateway, JSON.stringify(requestBody()))).text()).toBe(good);
    expect(new Set(sent.map(({ text }) => text)).size).toBe(1);
    expect(sent).toHaveLength(3);
  });
});
