import { afterEach, describe, expect, it } from "vitest";
import { classify } from "../../failure/classify.ts";
import { signalFromHttp } from "../../failure/signal.ts";
import type { JsonObject } from "../../lib/json.ts";
import { type ScenarioInput, shell, startSimulator, step, type Simulator, turn } from "../server.ts";

let simulator: Simulator | undefined;
afterEach(async () => {
  await simulator?.close();
  simulator = undefined;
});

const tools = [{ type: "function", function: { name: "shell_command", parameters: { type: "object" } } }];

async function post(body: object, scenario: ScenarioInput = {}): Promise<{ status: number; text: string }> {
  simulator ??= await startSimulator({ wire: "chat", scenario });
  const response = await fetch(`${simulator.url}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "gpt-5.5", tools, ...body }),
  });
  return { status: response.status, text: await response.text() };
}

const user = { role: "user", content: "run: ls" };
const calls = (...ids: string[]): JsonObject => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => ({
    id,
    type: "function",
    function: { name: "shell_command", arguments: '{"command":"ls"}' },
  })),
});
const output = (id: string): object => ({
  role: "tool",
  tool_call_id: id,
  content: "Exit code: 0\nOutput:\na",
});

describe("the scripted model over chat", () => {
  it("streams chunks in OpenAI's order, with the call's fragments and usage, and goes on with the output", async () => {
    const { status, text } = await post({
      messages: [user],
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(status).toBe(200);
    const frames = text.split("\n\n").filter(Boolean);
    expect(frames.at(-1)).toBe("data: [DONE]");
    const chunks = frames.slice(0, -1).map(
      (frame) =>
        JSON.parse(frame.replace(/^data: /u, "")) as {
          choices: { delta: JsonObject; finish_reason: string | null }[];
          usage?: object;
        },
    );
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: "assistant" });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("tool_calls");
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { completion_tokens: expect.any(Number) as number },
    });
    const parts = chunks.flatMap(
      ({ choices }) =>
        (choices[0]?.delta["tool_calls"] ?? []) as { function: { name?: string; arguments: string } }[],
    );
    expect(parts[0]?.function).toEqual({ name: "shell_command", arguments: "" });
    expect(JSON.parse(parts.map((part) => part.function.arguments).join(""))).toEqual({ command: "ls" });
    // OpenAI hides its reasoning on this wire.
    expect(text).not.toContain("reasoning_content");
    const next = await post({ messages: [user, calls("a"), output("a")], stream: false });
    expect(JSON.parse(next.text)).toMatchObject({
      object: "chat.completion",
      choices: [
        { message: { content: expect.stringContaining("exit status 0") as string }, finish_reason: "stop" },
      ],
    });
  });

  it("answers without a stream as it would have streamed", async () => {
    const { text } = await post({ messages: [user] }, { chat: { reasoning: "shown", call_ids: "repeated" } });
    expect(JSON.parse(text)).toMatchObject({
      choices: [
        {
          message: {
            reasoning_content: "The person asks for something that the tools can do.",
            tool_calls: [
              {
                id: "call_0",
                type: "function",
                function: { name: "shell_command", arguments: '{"command":"ls"}' },
              },
            ],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { prompt_tokens: expect.any(Number) as number },
    });
  });

  it("tells faults in the wire's own words", async () => {
    const scenario: ScenarioInput = {
      turn: [turn(undefined, step(shell("ls")))],
      fault: [
        { kind: "incomplete", after: "arguments" },
        { kind: "failed", after: "created" },
        { kind: "overloaded", as: "event" },
        { kind: "rate-limit" },
      ],
    };
    const rate = [];
    for (let at = 0; at < 4; at++) rate.push(await post({ messages: [user], stream: true }, scenario));
    expect(rate.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429]);
    const texts = rate.map(({ text }) => text);
    expect(
      texts.some((text) => text.includes('"finish_reason":"length"') && text.endsWith("data: [DONE]\n\n")),
    ).toBe(true);
    expect(
      texts.some((text) => /^data: \{"error":\{"message":"Our servers are currently overloaded/mu.test(text)),
    ).toBe(true);
    expect(texts.some((text) => /^data: \{"error":\{"message":"An error occurred/mu.test(text))).toBe(true);
  });

  it("has no Responses API", async () => {
    simulator = await startSimulator({ wire: "chat" });
    expect((await fetch(`${simulator.url}/responses`, { method: "POST", body: "{}" })).status).toBe(404);
  });
});

describe("what Chat Completions refuses", () => {
  const refused: [what: string, messages: object[], text: RegExp, failureClass: string][] = [
    [
      "a call without its output",
      [user, calls("a", "b"), output("b")],
      /did not have response messages: a$/u,
      "call-without-output",
    ],
    [
      "something between a call and its output",
      [user, calls("a"), user, output("a")],
      /did not have response messages: a$/u,
      "call-without-output",
    ],
    [
      "an output without a call",
      [user, output("a")],
      /must be a response to a preceeding message/u,
      "output-without-call",
    ],
    [
      "an output of another call",
      [user, calls("a"), output("b"), output("a")],
      /'tool_call_id' of 'b' not found/u,
      "output-without-call",
    ],
    [
      "an output twice",
      [user, calls("a"), output("a"), output("a")],
      /'tool_call_id' of 'a' not found/u,
      "output-without-call",
    ],
    [
      "an id of more than 40 characters",
      [user, calls("a".repeat(41)), output("a".repeat(41))],
      /'messages\[1\]\.tool_calls\[0\]\.id': string too long/u,
      "item-id-invalid",
    ],
    ["an unknown role", [{ role: "model", content: "x" }], /Invalid value: 'model'/u, "request-malformed"],
    [
      "an assistant that says nothing",
      [user, { role: "assistant", content: null }],
      /Invalid value for 'content'/u,
      "request-malformed",
    ],
    [
      "an empty text",
      [{ role: "user", content: [{ type: "text", text: "" }] }],
      /text content blocks must be non-empty/u,
      "request-malformed",
    ],
    ["a list of nothing", [{ role: "user", content: [] }], /empty array/u, "request-malformed"],
    [
      "no calls in a list of calls",
      [user, { role: "assistant", content: "x", tool_calls: [] }],
      /tool_calls': empty array/u,
      "request-malformed",
    ],
    [
      "a part of another wire",
      [{ role: "user", content: [{ type: "input_text", text: "x" }] }],
      /Invalid value: 'input_text'/u,
      "request-malformed",
    ],
    ["no messages", [], /'messages': empty array/u, "unknown-provider-failure"],
  ];
  it.each(refused)("%s", async (_what, messages, text, failureClass) => {
    const answer = await post({ messages });
    expect(answer.status).toBe(400);
    const { error } = JSON.parse(answer.text) as { error: { message: string } };
    expect(error.message).toMatch(text);
    expect(classify(signalFromHttp(400, {}, answer.text), { now: 0 }).class).toBe(failureClass);
  });

  it("takes the same ids again in a later step", async () => {
    const messages = [user, calls("a"), output("a"), calls("a"), output("a")];
    expect((await post({ messages })).status).toBe(200);
  });

  it("a context that is too long, in its own words", async () => {
    const answer = await post({ messages: [user] }, { limits: { context_tokens: 10 } });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("This model's maximum context length is 10 tokens.");
    expect(classify(signalFromHttp(400, {}, answer.text), { now: 0 }).class).toBe("context-overflow");
  });

  it("in thinking mode a call without its reasoning, in the open loop alone", async () => {
    const scenario: ScenarioInput = { chat: { reasoning: "required" } };
    const thought = { ...calls("a"), reasoning_content: "Look." };
    const open = await post({ messages: [user, calls("a"), output("a")] }, scenario);
    expect(open.status).toBe(400);
    expect(classify(signalFromHttp(400, {}, open.text), { now: 0 }).class).toBe("reasoning-required");
    expect(
      (await post({ messages: [user, { ...thought, reasoning_content: "" }, output("a")] })).status,
    ).toBe(400);
    expect((await post({ messages: [user, thought, output("a")] })).status).toBe(200);
    expect((await post({ messages: [user, calls("a"), output("a"), user] })).status).toBe(200);
  });
});
