import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../src/simulator/server.ts";
import { client, closeBoth, last, sealsIn, send, talk } from "./client.ts";
import { ask, gatewayTo, type Tried } from "./kit.ts";
import { bodyOf, completed, created, serve } from "../wire/upstream.ts";

const open: (Simulator | Server)[] = [];
afterEach(async () => {
  await closeBoth();
  for (const one of open.splice(0)) await one.close();
});

/** A provider whose port stays free when it is closed: below those that Linux and macOS give to whoever asks for any. */
async function startKept(): Promise<Simulator> {
  for (let tries = 1; ; tries++) {
    try {
      return await startSimulator({ scenario: talk, port: 20_000 + Math.floor(Math.random() * 12_000) });
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
}

/** Two providers with keys of their own, behind one gateway; the first one's port can be taken again. */
async function two(): Promise<{ first: Simulator; second: Simulator; gateway: Tried }> {
  const [first, second] = [await startKept(), await startSimulator({ scenario: talk })];
  open.push(first, second);
  const gateway = await gatewayTo("", {
    upstreams: [
      { url: first.url, key: "a" },
      { url: second.url, key: "b" },
    ],
  });
  return { first, second, gateway };
}

const prompt = [{ role: "user", content: "hello" }];

describe("several upstreams", () => {
  it("are asked by turns, and a conversation stays with the one that sealed its reasoning", async () => {
    const { first, second, gateway } = await two();
    const [one, other] = [client(gateway), client(gateway)];
    for (const text of ["one", "two", "three"]) {
      await one.say(text);
      await other.say(text);
    }
    expect(first.requests.map(sealsIn)).toEqual([0, 1, 2]);
    expect(second.requests.map(sealsIn)).toEqual([0, 1, 2]);
    expect(gateway.metrics.total("heals")).toBe(0);
  });

  it("a conversation stays with the one that was asked for it first, where nothing is sealed: the other has nothing of it in its cache", async () => {
    const { first, second, gateway } = await two();
    for (const key of ["here", "here", "there", "there", "here", "there"])
      await send(gateway, prompt, { prompt_cache_key: key, include: [] });
    const keys = ({ requests }: Simulator) => requests.map(({ body }) => body?.["prompt_cache_key"]);
    expect(keys(first)).toEqual(["here", "here", "here"]);
    expect(keys(second)).toEqual(["there", "there", "there"]);
  });

  it("a conversation stays with the one that took it over from a busy one: that one refuses, and has none of it in its cache", async () => {
    const { first, second, gateway } = await two();
    first.reset({ ...talk, fault: [{ kind: "overloaded", times: 100 }] });
    for (let at = 0; at < 4; at++)
      expect(last(await send(gateway, prompt, { prompt_cache_key: "here", include: [] }))).toBe(
        "response.completed",
      );
    expect(first.requests).toHaveLength(1);
    expect(second.requests).toHaveLength(4);
  });

  it("one that is down is left out, what it sealed is healed for the other, and it is asked again when it is back", async () => {
    const { first, second, gateway } = await two();
    const codex = client(gateway);
    await codex.say("one");
    await codex.say("two");
    const { port } = first;
    await first.close();
    expect(last(await codex.say("three"))).toBe("response.completed");
    expect(second.requests.map(sealsIn)).toEqual([2, 0]);
    for (let at = 0; at < 4; at++) expect(last(await send(gateway, prompt))).toBe("response.completed");
    expect(gateway.lines.filter((line) => line.includes("left out until"))).toHaveLength(1);

    const asked: string[] = [];
    const back = createServer((request, response) => {
      asked.push(`${request.method} ${request.headers.authorization ?? "without a key"}`);
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" }).end(created + completed);
    });
    await new Promise<void>((resolve) => back.listen(port, "127.0.0.1", resolve));
    open.push(back);
    expect((back.address() as AddressInfo).port).toBe(port);
    await expect.poll(() => gateway.lines.some((line) => line.endsWith("/v1 answers again"))).toBe(true);
    for (let at = 0; at < 2; at++) expect(last(await send(gateway, prompt))).toBe("response.completed");
    expect(asked).toEqual(["GET without a key", "POST Bearer a"]);
    back.closeAllConnections();
  });

  it("when one is overloaded the other is asked at once, unless only that one can open what is sent", async () => {
    const { first, second, gateway } = await two();
    for (const simulator of [first, second]) simulator.reset({ ...talk, fault: [{ kind: "overloaded" }] });
    expect(last(await send(gateway, prompt))).toBe("response.completed");
    expect(first.requests.length + second.requests.length).toBe(3);

    for (const simulator of [first, second]) simulator.reset(talk);
    const codex = client(gateway);
    await codex.say("one");
    const [own, other] = first.requests.length > 0 ? [first, second] : [second, first];
    own.reset({ ...talk, fault: [{ kind: "overloaded" }] });
    expect(last(await codex.say("two"))).toBe("response.completed");
    expect(own.requests).toHaveLength(2);
    expect(other.requests).toHaveLength(0);
  });

  it.each([
    ["a usage limit", 429, { type: "usage_limit_reached", resets_in_seconds: 13_872 }],
    ["an empty account", 402, { message: "Insufficient credits", code: 402 }],
    ["a token that was taken back", 401, { code: "token_invalidated", message: "Please sign in again." }],
    ["an account that was closed", 403, { code: "account_deactivated", message: "It was deactivated." }],
  ])("%s of one is left to the others, and it is left alone for a while", async (_what, status, error) => {
    let now = Date.now();
    const asked = [0, 0];
    const [spent, good] = [
      await serve((request, response) => {
        request.resume();
        asked[0]!++;
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error }));
      }),
      await serve((request, response) => {
        request.resume();
        asked[1]!++;
        response.writeHead(200, { "content-type": "text/event-stream" }).end(created + completed);
      }),
    ];
    const upstreams = [
      { url: spent, key: "a" },
      { url: good, key: "b" },
    ];
    const gateway = await gatewayTo("", { upstreams, now: () => now });
    for (let at = 0; at < 5; at++) expect(last(await send(gateway, prompt))).toBe("response.completed");
    expect(asked).toEqual([1, 5]);
    now += 16 * 60_000;
    for (let at = 0; at < 5; at++) expect(last(await send(gateway, prompt))).toBe("response.completed");
    expect(asked).toEqual([2, 10]);
    // An hour that the clock is set back by is none that it is left alone for.
    now -= 3_600_000;
    for (let at = 0; at < 5; at++) expect(last(await send(gateway, prompt))).toBe("response.completed");
    expect(asked).toEqual([3, 15]);
  });

  it("a request that is more than one takes in a minute is the other's", async () => {
    const message =
      "Request too large for gpt-5.1 in organization org-x on tokens per min (TPM): Limit 30000, Requested 34587.";
    const refuse = (): Promise<string> =>
      serve((request, response) => {
        request.resume();
        response.writeHead(429, { "content-type": "application/json" });
        response.end(JSON.stringify({ error: { message, type: "tokens", code: "rate_limit_exceeded" } }));
      });
    const small = await refuse();
    const large = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" }).end(created + completed);
    });
    const gateway = await gatewayTo("", { upstreams: [{ url: small }, { url: large }] });
    for (let at = 0; at < 2; at++) expect(last(await send(gateway, prompt))).toBe("response.completed");
    const alone = await gatewayTo("", { upstreams: [{ url: small }, { url: await refuse() }] });
    expect((await ask(alone)).status).toBe(429);
    expect(alone.metrics.total("upstream_requests")).toBe(2);
  });

  it("what a client's own key is refused for is the client's to know", async () => {
    const refuse = (): Promise<string> =>
      serve((request, response) => {
        request.resume();
        response.writeHead(401, { "content-type": "application/json" });
        response.end('{"error":{"code":"token_expired"}}');
      });
    const gateway = await gatewayTo("", { upstreams: [{ url: await refuse() }, { url: await refuse() }] });
    expect((await ask(gateway)).status).toBe(401);
    expect(gateway.metrics.total("upstream_requests")).toBe(1);
  });
});

describe("what one of several upstreams keeps", () => {
  /** Each keeps the responses that it made, and says so of others as the API does. */
  async function keepers(): Promise<{ gateway: Tried; asked: string[]; again(): Promise<Tried> }> {
    const asked: string[] = [];
    const keeper = (name: string): Promise<string> => {
      const kept = new Set<string>();
      return serve(async (request, response) => {
        const body = await bodyOf(request);
        asked.push(`${name} ${request.method} ${request.url}`);
        const wanted =
          /previous_response_id":"(\w+)/u.exec(body)?.[1] ?? /responses\/(\w+)/u.exec(request.url ?? "")?.[1];
        response.setHeader("content-type", "application/json");
        if (wanted !== undefined && !kept.has(wanted))
          return void response
            .writeHead(request.method === "POST" ? 400 : 404)
            .end(`{"error":{"message":"Not found.","code":"previous_response_not_found"}}`);
        const id = `resp_${name}${kept.size}`;
        kept.add(id);
        response.end(JSON.stringify({ id, object: "response", status: "completed", output: [] }));
      });
    };
    const upstreams = [{ url: await keeper("a") }, { url: await keeper("b") }];
    const again = (): Promise<Tried> => gatewayTo("", { upstreams });
    return { gateway: await again(), asked, again };
  }
  const idOf = async (answer: Response): Promise<string> => ((await answer.json()) as { id: string }).id;
  const goOn = async (gateway: Tried, id?: string): Promise<string> =>
    idOf(await ask(gateway, JSON.stringify({ input: "x", ...(id && { previous_response_id: id }) })));

  it("is gone on from, asked for and cancelled there", async () => {
    const { gateway, asked } = await keepers();
    let [one, other] = [await goOn(gateway), await goOn(gateway)];
    expect([one, other]).toEqual(["resp_a0", "resp_b0"]);
    for (let turn = 1; turn < 3; turn++) {
      [other, one] = [await goOn(gateway, other), await goOn(gateway, one)];
      expect([one, other]).toEqual([`resp_a${turn}`, `resp_b${turn}`]);
    }
    expect((await fetch(`${gateway.url}/responses/${other}`)).status).toBe(200);
    const cancelled = await fetch(`${gateway.url}/responses/${one}/cancel`, { method: "POST" });
    expect(cancelled.status).toBe(200);
    expect(asked).toHaveLength(8);
  });

  it("is found by a gateway that has not seen it made, and what none has is not found", async () => {
    const { gateway, again } = await keepers();
    const made = [await goOn(gateway), await goOn(gateway)];
    for (const id of made) {
      const fresh = await again();
      await fetch(`${fresh.url}/models`);
      expect((await fetch(`${fresh.url}/responses/${id}`)).status).toBe(200);
      expect(await goOn(fresh, id)).toMatch(/^resp_[ab]/u);
    }
    expect((await fetch(`${gateway.url}/responses/resp_none`)).status).toBe(404);
  });
});

describe("what a client has made at one of several upstreams", () => {
  /** Says that it hasn't what the request names, unless that is its own. */
  const keeper = (own: string, status: number, refusal: (id: string) => string): Promise<string> =>
    serve(async (request, response) => {
      const [named = own] = /file-\w+|conv_\w+/u.exec(await bodyOf(request)) ?? [];
      const isOwn = named === own;
      response.writeHead(isOwn ? 200 : status, { "content-type": "application/json" });
      response.end(
        isOwn
          ? '{"id":"resp_1","object":"response","status":"completed","output":[]}'
          : JSON.stringify({ error: { message: refusal(named), type: "invalid_request_error" } }),
      );
    });
  const fileInput = (id: string): object => ({
    input: [{ role: "user", content: [{ type: "input_file", file_id: id }] }],
  });
  it.each([
    ["file-a1", "file-b1", 400, (id: string) => `No such File object: ${id}`, fileInput],
    [
      "conv_a1",
      "conv_b1",
      404,
      (id: string) => `Conversation with id '${id}' not found.`,
      (id: string) => ({ conversation: id, input: "hello" }),
    ],
  ])("is found there, whoever is asked first: %s", async (one, other, status, refusal, body) => {
    const [first, second] = [await keeper(one, status, refusal), await keeper(other, status, refusal)];
    const gateway = await gatewayTo("", { upstreams: [{ url: first }, { url: second }] });
    for (const id of [one, one, other, other])
      expect((await ask(gateway, JSON.stringify(body(id)))).status).toBe(200);
    expect(gateway.metrics.total("heals")).toBe(0);
  });

  it.each([
    ["can't be reached", async () => "http://127.0.0.1:1/v1"],
    [
      "has nothing left",
      () =>
        serve((request, response) => {
          request.resume();
          const error = { type: "insufficient_quota", code: "insufficient_quota", message: "No quota." };
          response.writeHead(429, { "content-type": "application/json" }).end(JSON.stringify({ error }));
        }),
    ],
  ])("is refused by the one that is there when the other %s", async (_how, makeOther) => {
    const first = await keeper("conv_a1", 404, (id) => `Conversation with id '${id}' not found.`);
    const upstreams = [first, await makeOther()].map((url) => ({ url, key: "sk-of-the-gateway" }));
    const gateway = await gatewayTo("", { upstreams });
    const response = await ask(gateway, '{"conversation":"conv_c1","input":"hello"}');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("conv_c1");
  });

  it("and is gone everywhere is refused, or tried without, as by one", async () => {
    const refusal = (id: string): string => `Conversation with id '${id}' not found.`;
    const [first, second] = [await keeper("conv_a1", 404, refusal), await keeper("conv_b1", 404, refusal)];
    const gateway = await gatewayTo("", { upstreams: [{ url: first }, { url: second }] });
    const response = await ask(gateway, '{"conversation":"conv_c1","input":"hello"}');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("conv_c1");
  });
});
