import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { ask, failureOf, kinds, reasonOf, items } from "../../../test/wire/ask.ts";
import { callDelta, callIds, chunk, done, stop, told } from "../../../test/wire/chat-answers.ts";
import { bodyOf, closeServers, serve } from "../../../test/wire/upstream.ts";
import { chatProvider } from "./provider.ts";

afterEach(closeServers);

const recorded = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.sse`, import.meta.url), "utf8");
const message = (text: string): object => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});
const patch = {
  change: { tools: [{ type: "custom" as const, name: "apply_patch", description: "patches" }] },
};

describe("an answer becomes Responses items", () => {
  it("of OpenAI: text, then each call as soon as the next begins, usage with what was cached", async () => {
    const events = await told(recorded("openai-calls"), patch);
    expect(kinds(events)).toEqual([
      "opened",
      "text-delta",
      "text-delta",
      "item",
      "item",
      "item",
      "completed",
    ]);
    expect(events[0]).toEqual({ type: "opened", response: "chatcmpl-CkXq1", model: "gpt-5.5-2026-10-01" });
    expect(items(events)).toEqual([
      message("I look at both — é."),
      { type: "function_call", call_id: "call_q1", name: "shell_command", arguments: '{"command":"ls"}' },
      {
        type: "custom_tool_call",
        call_id: "call_q2",
        name: "apply_patch",
        input: "*** Begin Patch\n*** End Patch",
      },
    ]);
    expect(events[4]).toMatchObject({
      facts: { kind: "function_call", call: "call_q1", name: "shell_command" },
      model: "gpt-5.5-2026-10-01",
    });
    expect(events.at(-1)).toEqual({
      type: "completed",
      response: "chatcmpl-CkXq1",
      model: "gpt-5.5-2026-10-01",
      usage: { inputTokens: 1201, cachedInputTokens: 1024, outputTokens: 64, reasoningTokens: 40 },
    });
  });

  it("of DeepSeek: its reasoning is kept as plain content, before what it led to", async () => {
    const events = await told(recorded("deepseek-thinking"));
    expect(kinds(events).filter((kind) => kind !== "item")).toEqual([
      "opened",
      "reasoning-delta",
      "reasoning-delta",
      "text-delta",
      "completed",
    ]);
    expect(items(events)).toEqual([
      {
        type: "reasoning",
        summary: [],
        content: [{ type: "reasoning_text", text: "The person wants the files." }],
      },
      message("Let me see."),
      {
        type: "function_call",
        call_id: "call_00_ab12",
        name: "shell_command",
        arguments: '{"command": "ls"}',
      },
    ]);
    expect(events.at(-1)).toMatchObject({
      usage: { inputTokens: 300, cachedInputTokens: 256, outputTokens: 70, reasoningTokens: 33 },
    });
  });

  it("of OpenRouter: comments are passed over, `reasoning` is reasoning", async () => {
    const events = await told(recorded("openrouter"));
    expect(items(events)).toEqual([
      { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "Weighing it." }] },
      message("Done."),
    ]);
    expect(events.at(-1)).toMatchObject({
      type: "completed",
      usage: { inputTokens: 20, reasoningTokens: 5 },
    });
  });

  it("of llama.cpp, which gives two calls one id", async () => {
    const events = await told(recorded("llamacpp"));
    expect(callIds(events)).toEqual(["call_0", "call_0_2"]);
    expect(events.at(-1)).toMatchObject({ type: "completed", usage: { inputTokens: 812, outputTokens: 21 } });
  });

  it("of Ollama and Gemini, which give all calls the index 0", async () => {
    const events = await told(recorded("ollama"));
    expect(items(events)).toEqual([
      { type: "function_call", call_id: "call_a", name: "one", arguments: "{}" },
      { type: "function_call", call_id: "call_b", name: "two", arguments: "{}" },
    ]);
    expect(events.at(-1)?.type).toBe("completed");
  });

  it("of Mistral's reasoning models, whose thinking is a part of the content", async () => {
    expect(items(await told(recorded("mistral-thinking")))).toEqual([
      { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "Hm." }] },
      message("Yes."),
    ]);
  });

  it("the same when it arrives in pieces of 5 bytes", async () => {
    const bytes = Buffer.from(recorded("openai-calls").replaceAll("\n", "\r\n"));
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let at = 0; at < bytes.length; at += 5) {
        response.write(bytes.subarray(at, at + 5));
        if (at % 500 === 0) await new Promise(setImmediate);
      }
      response.end();
    });
    const whole = await told(recorded("openai-calls"), patch);
    expect(items(await ask(url, { make: chatProvider, ...patch }))).toEqual(items(whole));
  });

  it("of an endpoint that doesn't stream", async () => {
    const body = {
      id: "chatcmpl-7",
      object: "chat.completion",
      model: "m-1",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: "Both.",
            reasoning_content: "Two.",
            tool_calls: [
              { id: "a", type: "function", function: { name: "one", arguments: "{}" } },
              { id: "b", type: "function", function: { name: "two", arguments: '{"x":1}' } },
            ],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 4 },
    };
    const events = await told(JSON.stringify(body), {}, "application/json");
    expect(items(events).map((item) => (item as { type: string }).type)).toEqual([
      "reasoning",
      "message",
      "function_call",
      "function_call",
    ]);
    expect(events.at(-1)).toMatchObject({
      type: "completed",
      response: "chatcmpl-7",
      usage: { outputTokens: 4 },
    });
  });

  it("keeps a refusal of the model as one", async () => {
    const events = await told(chunk({ delta: { role: "assistant", refusal: "I can't." } }) + stop + done);
    expect(events[1]).toEqual({ type: "text-delta", text: "I can't." });
    expect(items(events)).toEqual([
      { type: "message", role: "assistant", content: [{ type: "refusal", refusal: "I can't." }] },
    ]);
  });

  it("keeps a thought signature on its call", async () => {
    const delta = {
      tool_calls: [
        {
          index: 0,
          id: "a",
          function: { name: "one", arguments: "{}" },
          extra_content: { google: { thought_signature: "sig+/=" } },
        },
      ],
    };
    expect(items(await told(chunk({ delta, finish_reason: "tool_calls" }) + done))).toEqual([
      { type: "function_call", call_id: "a", name: "one", arguments: "{}", thought_signature: "sig+/=" },
    ]);
  });

  it("has no message for white space before a call", async () => {
    const events = await told(
      chunk({ delta: { content: "\n\n" } }) +
        callDelta(0, "{}", "a", "one") +
        chunk({ delta: {}, finish_reason: "tool_calls" }) +
        done,
    );
    expect(items(events)).toHaveLength(1);
  });
});

it("what was streamed isn't told once more by a last event that holds the whole answer", async () => {
  const call = { id: "a", type: "function", function: { name: "look", arguments: "{}" } };
  const whole = {
    message: { role: "assistant", content: "Hello", tool_calls: [call] },
    finish_reason: "tool_calls",
  };
  const body = chunk({ delta: { content: "Hello" } }) + callDelta(0, "{}", "a", "look") + chunk(whole) + done;
  const events = await told(body);
  expect(items(events)).toHaveLength(2);
  expect(items(events)[0]).toMatchObject(message("Hello"));
});

describe("the end of an answer", () => {
  const text = chunk({ delta: { content: "Half" } });

  it.each([
    ["neither a reason nor [DONE]", text, "cut"],
    ["nothing at all", "", "cut"],
    ["[DONE] alone", done, "cut"],
    ["an event that is not JSON", `${text}data: {"choi\n\n`, "incomplete"],
    ["a page", "<html><title>Sign in</title></html>", "auth-denied"],
  ])("with %s is a failure", async (what, body, reason) => {
    const events = await told(body, {}, what === "a page" ? "text/html" : "text/event-stream");
    if (what === "a page") expect(events.at(-1)?.type).toBe("failed");
    else expect(reasonOf(events)).toBe(reason);
    expect(items(events)).toEqual([]);
  });

  it.each([
    ["a reason without [DONE]", text + stop],
    ["[DONE] without a reason", text + done],
  ])("with %s is one", async (_what, body) => {
    const events = await told(body);
    expect(items(events)).toEqual([message("Half")]);
    expect(events.at(-1)?.type).toBe("completed");
  });

  it("comes with the usage that follows the reason, though the connection stays open", async () => {
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(
        text + stop + chunk({}, { choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } }),
      );
    });
    const events = await ask(url, { make: chatProvider, options: { idleTimeoutMs: 500 } });
    expect(events.at(-1)).toMatchObject({ type: "completed", usage: { outputTokens: 2 } });
  });

  it.each([["breaks"], ["stays open and silent"]])(
    "with a reason is one though the connection %s before usage and [DONE]",
    async (how) => {
      const url = await serve(async (incoming, response) => {
        await bodyOf(incoming);
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(text + stop, () => {
          if (how === "breaks") setTimeout(() => response.socket?.destroy(), 20);
        });
      });
      const events = await ask(url, { make: chatProvider, options: { idleTimeoutMs: 300 } });
      expect(kinds(events)).toEqual(["opened", "text-delta", "item", "completed"]);
    },
  );

  it("at the length limit keeps what was shown and no call that isn't whole", async () => {
    const events = await told(
      text +
        callDelta(0, "{}", "a", "one") +
        callDelta(1, '{"b', "b", "two") +
        chunk({ delta: {}, finish_reason: "length" }) +
        done,
    );
    expect(failureOf(events).class).toBe("output-limit");
    expect(items(events)).toMatchObject([message("Half"), { call_id: "a" }]);
  });

  it.each([
    ["content_filter", "refusal"],
    ["SAFETY", "refusal"],
    ["model_length", "output-limit"],
    ["insufficient_system_resource", "overloaded"],
    ["error", "overloaded"],
    ["malformed_function_call", "transport-interrupted"],
  ])("%s is %s", async (reason, failureClass) => {
    const events = await told(text + chunk({ delta: {}, finish_reason: reason }) + done);
    expect(failureOf(events).class).toBe(failureClass);
  });
});

describe("an error with status 200", () => {
  const overflow = {
    error: {
      code: 400,
      message: "the request exceeds the available context size, try increasing it",
      type: "exceed_context_size_error",
    },
  };

  it("in mid-stream keeps what came and has the class of its innermost words", async () => {
    const events = await told(recorded("openrouter-error"));
    expect(kinds(events)).toEqual(["opened", "text-delta", "failed"]);
    expect(failureOf(events).class).toBe("overloaded");
    expect(failureOf(events).signal?.message).toBe("Overloaded");
  });

  it.each([
    [
      "as an event with a name",
      `event: error\ndata: ${JSON.stringify(overflow.error)}\n\n`,
      "text/event-stream",
    ],
    ["as a bare chunk", `data: ${JSON.stringify(overflow)}\n\n`, "text/event-stream"],
    ["as llama.cpp's error field", `error: ${JSON.stringify(overflow.error)}\n\n`, "text/event-stream"],
    ["inside a choice", chunk({ delta: {}, error: overflow.error }), "text/event-stream"],
    ["as JSON", JSON.stringify(overflow), "application/json"],
    ["as JSON that is declared a stream", JSON.stringify(overflow), "text/event-stream"],
  ])("%s is told", async (_how, body, type) => {
    expect(failureOf(await told(body, {}, type)).class).toBe("context-overflow");
  });

  it("of MiniMax stands in base_resp", async () => {
    const body = {
      base_resp: { status_code: 2013, status_msg: "invalid params, context window exceeds limit" },
    };
    for (const [text, type] of [
      [JSON.stringify({ ...body, choices: null }), "application/json"],
      [`data: ${JSON.stringify(body)}\n\n`, "text/event-stream"],
    ] as const)
      expect(failureOf(await told(text, {}, type)).class).toBe("context-overflow");
  });

  it("that is JSON without an error and without choices is a damaged answer", async () => {
    expect(reasonOf(await told('{"ok":true}', {}, "application/json"))).toBe("incomplete");
  });
});

it("a refusal by status has the class of its body", async () => {
  const body = {
    error: {
      message: "The `reasoning_content` in the thinking mode must be passed back to the API.",
      type: "invalid_request_error",
    },
  };
  expect(failureOf(await told(JSON.stringify(body), {}, "application/json", 400)).class).toBe(
    "reasoning-required",
  );
});
