import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/lib/json.ts";
import { sealRefusalNames } from "../../src/simulator/seal-refusal.ts";
import { prompt, read } from "../kit/simulator-client.ts";
import { bodyOf, created, serve, sse } from "../wire/upstream.ts";
import { both, client, closeBoth, inputOf, last, sealsIn, send, talk } from "./client.ts";
import { endpoint, invalid, items, refused } from "./endpoint.ts";
import { ask, gatewayTo } from "./kit.ts";

afterEach(closeBoth);

const call = (id: string, more: JsonObject = {}): JsonObject => ({
  type: "function_call",
  call_id: id,
  name: "shell_command",
  arguments: "{}",
  ...more,
});
const output = (id: string): JsonObject => ({ type: "function_call_output", call_id: id, output: "done" });
const answerOf = (id: string): JsonObject => ({
  type: "message",
  role: "assistant",
  id,
  content: [{ type: "output_text", text: "Said." }],
});

describe("a rotated key costs one refused request, and no later turn costs more than its own", () => {
  for (const refusal of sealRefusalNames) {
    it(`as ${refusal}`, async () => {
      const { simulator, gateway } = await both({ ...talk, seal: { refusal } });
      const codex = client(gateway);
      for (const text of ["one", "two", "three"]) await codex.say(text);
      simulator.reset({ ...talk, seal: { refusal } });
      simulator.rotateKey();
      const before = JSON.stringify(codex.input);
      for (const [at, text] of ["four", "five", "six"].entries()) {
        expect(last(await codex.say(text))).toBe("response.completed");
        expect(simulator.requests).toHaveLength(at + 2);
      }
      // What was sealed since the rotation is sent, and nothing that was said is missing.
      expect(simulator.requests.map(sealsIn)).toEqual([3, 0, 1, 2]);
      expect(inputOf(simulator.requests.at(-1)).filter(({ type }) => type === "message")).toHaveLength(11);
      expect(JSON.stringify(codex.input).startsWith(before.slice(0, -1))).toBe(true);
      expect(gateway.lines.filter((line) => line.includes("could not be decrypted"))).toHaveLength(1);
      expect(gateway.metrics.total("heals")).toBe(1);
      expect(gateway.metrics.total("prevented")).toBe(2);
    });
  }
});

describe("what was sealed", () => {
  it("a single damaged blob among good ones is left out alone, once", async () => {
    const { simulator, gateway } = await both();
    const codex = client(gateway);
    for (const text of ["one", "two", "three"]) await codex.say(text);
    const second = codex.input.filter(({ type }) => type === "reasoning")[1]!;
    const blob = String(second["encrypted_content"]);
    // Well-formed still, so that only the provider can tell.
    second["encrypted_content"] = `${blob.slice(0, 60)}${blob[60] === "A" ? "B" : "A"}${blob.slice(61)}`;
    simulator.reset();
    expect(last(await codex.say("four"))).toBe("response.completed");
    expect(last(await codex.say("five"))).toBe("response.completed");
    expect(simulator.requests.map(sealsIn)).toEqual([3, 2, 3]);
  });

  it("a blob that was cut is left out, and the good ones are not called dead for it", async () => {
    const { simulator, gateway } = await both();
    const codex = client(gateway);
    for (const text of ["one", "two"]) await codex.say(text);
    const first = codex.input.find(({ type }) => type === "reasoning")!;
    first["encrypted_content"] = `${String(first["encrypted_content"]).slice(0, 20)}…`;
    simulator.reset();
    expect(last(await codex.say("three"))).toBe("response.completed");
    expect(simulator.requests.map(sealsIn)).toEqual([2, 1]);
    expect(last(await codex.say("four"))).toBe("response.completed");
    expect(simulator.requests.map(sealsIn)).toEqual([2, 1, 2]);
  });

  it("of one account is left out for the other, and sent again when its account is back", async () => {
    const { simulator, gateway } = await both();
    const codex = client(gateway);
    const first = { "chatgpt-account-id": "account-1" };
    const second = { "chatgpt-account-id": "account-2" };
    await codex.say("one", first);
    await codex.say("two", first);
    simulator.reset();
    expect(last(await codex.say("three", second))).toBe("response.completed");
    expect(last(await codex.say("four", second))).toBe("response.completed");
    expect(simulator.requests.map(sealsIn)).toEqual([2, 0, 1]);
    expect(last(await codex.say("five", first))).toBe("response.completed");
    // Refused for what the other account sealed: its own two are sent.
    expect(simulator.requests.map(sealsIn)).toEqual([2, 0, 1, 4, 2]);
    expect(last(await codex.say("six", first))).toBe("response.completed");
    expect(sealsIn(simulator.requests.at(-1))).toBe(3);
  });

  it.each(["gzip", "zstd"] as const)("is healed in a %s body too", async (encoding) => {
    const { simulator, gateway } = await both();
    const codex = client(gateway);
    await codex.say("one");
    simulator.reset();
    simulator.rotateKey();
    const body = Buffer.from(
      JSON.stringify({
        model: "gpt-5.5",
        store: false,
        stream: true,
        input: [...codex.input, prompt("two")],
      }),
    );
    const sent = encoding === "gzip" ? gzipSync(body) : zstdCompressSync(body);
    // The simulator reads no encodings: the first request is refused there as what it can't read.
    const url = await serve(async (request, response) => {
      const raw = request.headers["content-encoding"] === undefined ? await bodyOf(request) : body.toString();
      if (request.headers["content-encoding"] !== undefined) request.resume();
      const forwarded = await fetch(`${simulator.url}/responses`, { method: "POST", body: raw });
      response.writeHead(forwarded.status, { "content-type": forwarded.headers.get("content-type") ?? "" });
      response.end(await forwarded.text());
    });
    const decoding = await gatewayTo(url);
    const got = await read(await ask(decoding, sent, { headers: { "content-encoding": encoding } }));
    expect(last(got)).toBe("response.completed");
    expect(simulator.requests.map(sealsIn)).toEqual([1, 0]);
  });

  it("as a compaction, in a message between agents or in a tool's output is left out: words stand for the compaction, and the rest of the output stays", async () => {
    const { gateway } = await both();
    const codex = client(gateway);
    await codex.say("one");
    const blob = codex.input.find(({ type }) => type === "reasoning")!["encrypted_content"];
    const dead = `${String(blob).slice(0, 50)}AAAA${String(blob).slice(54)}`;
    const part = { type: "encrypted_content", encrypted_content: dead };
    const input = [
      { type: "compaction", encrypted_content: dead },
      prompt("go"),
      { type: "agent_message", author: "a", recipient: "b", content: [part] },
      call("call_1"),
      {
        type: "function_call_output",
        call_id: "call_1",
        output: [{ type: "input_text", text: "seen" }, part],
      },
    ];
    const { url, sent } = await endpoint((_body, text) =>
      text.includes("encrypted_content")
        ? invalid("The encrypted content gAAA...AA== could not be verified.", {
            code: "invalid_encrypted_content",
          })
        : undefined,
    );
    const other = await gatewayTo(url);
    for (let round = 0; round < 2; round++)
      expect(last(await send(other, input, { include: [] }))).toBe("response.completed");
    expect(sent).toHaveLength(3);
    for (const healed of sent.slice(1).map(({ body }) => items(body))) {
      expect(healed.map(({ type }) => type)).toEqual([
        "message",
        "message",
        "function_call",
        "function_call_output",
      ]);
      // What the summary told is missing, and the model knows that it is.
      expect(JSON.stringify(healed[0])).toContain("A summary of the conversation until here stood here");
      expect(JSON.stringify(healed[3])).toContain("seen");
    }
  });

  it("is not called dead when leaving it out did not help", async () => {
    let isBroken = true;
    const { url, sent } = await endpoint(() =>
      isBroken ? refused(400, { detail: "Unsupported content type" }) : undefined,
    );
    const gateway = await gatewayTo(url);
    const sealed = { type: "reasoning", summary: [], encrypted_content: "gAAAAABpZ3Zk" };
    const input = [prompt("one"), sealed, answerOf("msg_1"), prompt("two")];
    await send(gateway, input);
    isBroken = false;
    await send(gateway, input);
    expect(items(sent.at(-1)!.body)).toEqual(input);
  });

  it("is not called dead by an answer that can't be judged", async () => {
    const requests: JsonObject[][] = [];
    const failed = sse("response.failed", { response: { error: { code: "server_error", message: "x" } } });
    const url = await serve(async (request, response) => {
      const { input } = JSON.parse(await bodyOf(request)) as { input: JsonObject[] };
      requests.push(input);
      if (input.some((item) => item["encrypted_content"] !== undefined)) {
        response.writeHead(400, { "content-type": "application/json" });
        const error = {
          code: "invalid_encrypted_content",
          message: "The encrypted content could not be verified.",
        };
        return response.end(JSON.stringify({ error }));
      }
      // Identity was asked for, and nobody knows this one.
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "x-own" });
      response.end(created + failed);
    });
    const gateway = await gatewayTo(url);
    const sealed = { type: "reasoning", summary: [], encrypted_content: "gAAAAABpZ3Zk" };
    const input = [prompt("one"), sealed, answerOf("msg_1"), prompt("two")];
    expect(last(await send(gateway, input))).toBe("response.failed");
    await send(gateway, input);
    expect(requests[2]).toEqual(input);
  });

  it("is tried again when the refusal is old, and stays when it is accepted then", async () => {
    let now = Date.now();
    const { simulator, gateway } = await both(talk, { now: () => now });
    const codex = client(gateway);
    await codex.say("one");
    simulator.reset({
      ...talk,
      fault: [
        {
          kind: "status",
          status: 400,
          code: "invalid_encrypted_content",
          message: "The encrypted content could not be verified.",
        },
      ],
    });
    expect(last(await codex.say("two"))).toBe("response.completed");
    expect(last(await codex.say("three"))).toBe("response.completed");
    expect(simulator.requests.map(sealsIn)).toEqual([1, 0, 1]);
    now += 7 * 3_600_000;
    expect(last(await codex.say("four"))).toBe("response.completed");
    expect(last(await codex.say("five"))).toBe("response.completed");
    expect(simulator.requests.map(sealsIn).slice(3)).toEqual([3, 4]);
  });
});

describe("what is replayed wrongly is healed, and remembered for the conversation", () => {
  const cases: Record<string, { input: JsonObject[]; expected(healed: JsonObject[]): void }> = {
    "a call without its output": {
      input: [prompt("one"), call("call_1"), prompt("two")],
      expected: (healed) => {
        expect(healed.map(({ type }) => type)).toEqual([
          "message",
          "function_call",
          "function_call_output",
          "message",
        ]);
        expect(healed[2]).toMatchObject({
          call_id: "call_1",
          output: expect.stringContaining("outcome unknown") as string,
        });
      },
    },
    "an output without its call": {
      input: [prompt("one"), output("call_9"), prompt("two")],
      expected: (healed) => {
        expect(healed.map(({ type }) => type)).toEqual(["message", "message", "message"]);
        expect(JSON.stringify(healed[1])).toContain("done");
      },
    },
    "the same item twice": {
      input: [prompt("one"), answerOf("msg_1"), answerOf("msg_1"), prompt("two")],
      expected: (healed) => expect(healed.filter(({ id }) => id === "msg_1")).toHaveLength(1),
    },
    "two items under one id": {
      input: [
        prompt("one"),
        answerOf("msg_1"),
        prompt("two"),
        { ...answerOf("msg_1"), content: [{ type: "output_text", text: "Other." }] },
        prompt("three"),
      ],
      expected: (healed) => {
        expect(healed).toHaveLength(5);
        expect(healed[3]).not.toHaveProperty("id");
      },
    },
    "an item known by its id alone": {
      input: [
        prompt("one"),
        { type: "reasoning", id: "rs_1", summary: [] },
        answerOf("msg_1"),
        prompt("two"),
      ],
      expected: (healed) => expect(healed.map(({ type }) => type)).toEqual(["message", "message", "message"]),
    },
    "a reference to an item": {
      input: [prompt("one"), { type: "item_reference", id: "msg_1" }, prompt("two")],
      expected: (healed) => expect(healed).toHaveLength(2),
    },
    "a call id that is too long": {
      input: [prompt("one"), call(`call_${"x".repeat(80)}`), output(`call_${"x".repeat(80)}`), prompt("two")],
      expected: (healed) => {
        expect(String(healed[1]!["call_id"]).length).toBeLessThanOrEqual(64);
        expect(healed[2]!["call_id"]).toBe(healed[1]!["call_id"]);
      },
    },
    "an item id of another shape": {
      input: [prompt("one"), answerOf("item_1"), prompt("two")],
      expected: (healed) => expect(healed[1]).not.toHaveProperty("id"),
    },
    "reasoning without the item that it led to": {
      input: [
        prompt("one"),
        { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAAAABpZ3Zk" },
        prompt("two"),
      ],
      expected: (healed) => expect(healed).toHaveLength(2),
    },
    "plain words in sealed reasoning": {
      input: [
        prompt("one"),
        { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "hm" }] },
        answerOf("msg_1"),
        prompt("two"),
      ],
      expected: (healed) => expect(JSON.stringify(healed)).not.toContain('hm"'),
    },
  };
  for (const [name, { input, expected }] of Object.entries(cases)) {
    it(name, async () => {
      const { simulator, gateway } = await both();
      const further = [...input, answerOf("msg_7"), prompt("more")];
      expect(last(await send(gateway, input, { prompt_cache_key: "c" }))).toBe("response.completed");
      const { length } = simulator.requests;
      expect(length).toBeLessThanOrEqual(3);
      expected(inputOf(simulator.requests.at(-1)));
      expect(last(await send(gateway, further, { prompt_cache_key: "c" }))).toBe("response.completed");
      expect(simulator.requests).toHaveLength(length + 1);
      expect(gateway.lines.filter((line) => line.startsWith("healed a request"))).toHaveLength(length - 1);
    });
  }

  it("lone surrogates and NULs, in items and in instructions", async () => {
    const { url, sent } = await endpoint((_body, text) =>
      /\\ud83d|\\u0000/iu.test(text)
        ? invalid(
            "The request body is not valid JSON: no low surrogate in string: line 1 column 20 (char 19)",
          )
        : undefined,
    );
    const gateway = await gatewayTo(url);
    const body = '{"model":"m", "instructions":"a\\ud83d", "input":[{"role":"user","content":"b\\u0000c"}]}';
    expect(last(await read(await ask(gateway, body)))).toBe("response.completed");
    expect(sent[1]!.body).toEqual({
      model: "m",
      instructions: "a\uFFFD",
      input: [{ role: "user", content: "b\uFFFDc" }],
    });
  });

  it("a parameter that the model doesn't take goes, for that model, and is not sent again", async () => {
    const { url, sent } = await endpoint((body) =>
      body["temperature"] !== undefined && body["model"] === "m"
        ? invalid("Unsupported parameter: 'temperature' is not supported with this model.", {
            param: "temperature",
            code: "unsupported_parameter",
          })
        : undefined,
    );
    const gateway = await gatewayTo(url);
    const asked = { temperature: 1, store: false, input: [prompt("one")], service_tier: "auto" };
    for (let round = 0; round < 2; round++)
      await read(await ask(gateway, JSON.stringify({ model: "m", ...asked })));
    expect(sent.map(({ body }) => Object.keys(body).join(" "))).toEqual([
      "model temperature store input service_tier",
      "model store input service_tier",
      "model store input service_tier",
    ]);
    await read(await ask(gateway, JSON.stringify({ model: "other", ...asked })));
    expect(sent.at(-1)!.body).toHaveProperty("temperature");
  });

  it("a response that the provider has lost, where the body holds the whole conversation", async () => {
    const { simulator, gateway } = await both();
    const full = [prompt("one"), answerOf("msg_1"), prompt("two")];
    expect(last(await send(gateway, full, { previous_response_id: "resp_1" }))).toBe("response.completed");
    expect(inputOf(simulator.requests.at(-1))).toEqual(full);
    const answer = await ask(
      gateway,
      JSON.stringify({ model: "m", previous_response_id: "resp_1", input: [output("call_1")] }),
    );
    expect(answer.status).toBe(400);
    expect(simulator.requests).toHaveLength(3);
  });

  it("the same, where the request has to be healed of something else too", async () => {
    const { simulator, gateway } = await both();
    const seal = (await send(gateway, [prompt("one")])).items;
    simulator.rotateKey();
    const full = [prompt("one"), ...seal, prompt("two")];
    expect(last(await send(gateway, full))).toBe("response.completed");
    const { length } = simulator.requests;
    // The dead blob is left out before it is sent; then the response that it continues is not there.
    expect(last(await send(gateway, full, { previous_response_id: "resp_1" }))).toBe("response.completed");
    expect(simulator.requests).toHaveLength(length + 2);
    expect(simulator.requests.at(-1)!.body).not.toHaveProperty("previous_response_id");
    expect(sealsIn(simulator.requests.at(-1))).toBe(0);
  });
});
