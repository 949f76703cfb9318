import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isFailureOf } from "../../failure.ts";
import type { ProviderEvent } from "../../provider.ts";
import { ask, type Asked, failureOf, input, kinds } from "../../../test/wire/ask.ts";
import { bodyOf, closeServers, serve } from "../../../test/wire/upstream.ts";
import type { Said } from "../wire/wire.ts";
import { chatProvider } from "./provider.ts";
import { ChatReader } from "./reader.ts";

afterEach(closeServers);

const recorded = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.sse`, import.meta.url), "utf8");
const chunk = (choice: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", model: "m-1", choices: [{ index: 0, ...choice }], ...more })}\n\n`;
const done = "data: [DONE]\n\n";
const stop = chunk({ delta: {}, finish_reason: "stop" });
const callDelta = (index: number | undefined, args: string, id?: string, name?: string): string =>
  chunk({
    delta: {
      tool_calls: [
        {
          ...(index !== undefined && { index }),
          ...(id !== undefined && { id }),
          function: { ...(name !== undefined && { name }), arguments: args },
        },
      ],
    },
  });

/** What the provider tells of an answer with this body. */
async function told(
  body: string,
  asked: Asked = {},
  type = "text/event-stream",
  status = 200,
): Promise<ProviderEvent[]> {
  const url = await serve(async (incoming, response) => {
    await bodyOf(incoming);
    response.writeHead(status, { "content-type": type }).end(body);
  });
  return ask(url, { make: chatProvider, ...asked });
}

const items = (events: ProviderEvent[]): unknown[] =>
  events.flatMap((event) =>
    event.type === "item" ? [JSON.parse(Buffer.from(event.item).toString()) as unknown] : [],
  );
const callIds = (events: ProviderEvent[]): unknown[] =>
  items(events).map((item) => (item as { call_id?: string }).call_id);
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

describe("a call", () => {
  it("is told before the answer ends, and only when its arguments are whole", async () => {
    let held = true;
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(callDelta(0, '{"a":1}', "a", "one") + callDelta(1, '{"b', "b", "two"));
      // Waits until the first call was told.
      const timer = setInterval(() => {
        if (held) return;
        clearInterval(timer);
        response.end(callDelta(1, '":2}') + chunk({ delta: {}, finish_reason: "tool_calls" }) + done);
      }, 5);
    });
    const events = await ask(url, {
      make: chatProvider,
      each: (event) => void (event.type === "item" && (held = false)),
    });
    expect(callIds(events)).toEqual(["a", "b"]);
  });

  it("that is whole is told even when the stream is cut after it", async () => {
    const events = await told(callDelta(0, "", "a", "one") + callDelta(0, '{"a":{}') + callDelta(0, "}"));
    expect(kinds(events)).toEqual(["opened", "item", "failed"]);
    expect(items(events)).toMatchObject([{ arguments: '{"a":{}}' }]);
  });

  it("that begins with an empty object, as some gateways do, waits for what follows", async () => {
    const events = await told(
      callDelta(0, "{}", "a", "one") + chunk({ delta: {}, finish_reason: "tool_calls" }) + done,
    );
    expect(items(events)).toMatchObject([{ arguments: "{}" }]);
    expect(items(await told(callDelta(0, "{}", "a", "one")))).toEqual([]);
    const then = await told(
      callDelta(0, "{}", "a", "one") + callDelta(0, '{"x":') + callDelta(0, "1}") + stop,
    );
    expect(items(then)).toMatchObject([{ arguments: '{"x":1}' }]);
  });

  it("whose end repeats its id and name is one call", async () => {
    const events = await told(
      callDelta(0, '{"a":1}', "a", "one") + callDelta(0, "", "a", "one") + stop + done,
    );
    expect(items(events)).toHaveLength(1);
  });

  it("whose fragments come between another's stays whole", async () => {
    const events = await told(
      callDelta(0, '{"a":', "a", "one") +
        callDelta(1, '{"b":', "b", "two") +
        callDelta(0, "1}") +
        callDelta(1, "2}") +
        callDelta(0, "") +
        chunk({ delta: {}, finish_reason: "tool_calls" }) +
        done,
    );
    expect(items(events)).toMatchObject([{ arguments: '{"a":1}' }, { arguments: '{"b":2}' }]);
  });

  it("is read as JSON when its last bracket closes, not with each fragment", () => {
    const reader = new ChatReader([], new Set());
    const fragment = (call: object): Said[] =>
      reader.event("", { choices: [{ delta: { tool_calls: [call] } }] }, "");
    fragment({ index: 0, id: "a", function: { name: "write", arguments: '{"text":"' } });
    const parse = vi.spyOn(JSON, "parse");
    try {
      for (let line = 0; line < 1_000; line++)
        fragment({ index: 0, function: { arguments: "if (x) { y(); }" } });
      expect(parse).not.toHaveBeenCalled();
    } finally {
      parse.mockRestore();
    }
    expect(fragment({ index: 0, function: { arguments: '"}' } })).toMatchObject([{ type: "item" }]);
  });

  it("without arguments gets an empty object", async () => {
    const events = await told(
      callDelta(0, "", "a", "one") + chunk({ delta: {}, finish_reason: "tool_calls" }) + done,
    );
    expect(items(events)).toMatchObject([{ arguments: "{}" }]);
  });

  it("keeps what the model wrote in place of JSON", async () => {
    const events = await told(
      callDelta(0, '{"a": oops', "a", "one") + chunk({ delta: {}, finish_reason: "tool_calls" }) + done,
    );
    expect(items(events)).toMatchObject([{ type: "function_call", arguments: '{"a": oops' }]);
  });

  it.each([
    ["its text under another name", '{"patch":"*** Begin"}', "*** Begin"],
    ["bare text", "*** Begin", "*** Begin"],
    ["a JSON string", '"*** Begin"', "*** Begin"],
  ])("of a custom tool is read from %s", async (_what, args, text) => {
    const events = await told(callDelta(0, args, "a", "apply_patch") + stop + done, patch);
    expect(items(events)).toEqual([
      { type: "custom_tool_call", call_id: "a", name: "apply_patch", input: text },
    ]);
  });

  it("without an id, or with one that the history has, gets the same free one each time", async () => {
    const history = input(
      '{"type":"function_call","call_id":"call_0","name":"one","arguments":"{}"}',
      '{"type":"function_call_output","call_id":"call_0","output":"x"}',
    );
    const body =
      callDelta(0, "{}", "call_0", "one") +
      callDelta(1, "{}", undefined, "two") +
      callDelta(2, "{}", "", "three") +
      stop +
      done;
    const first = callIds(await told(body, { change: { input: history } }));
    expect(first).toEqual(["call_0_2", "call_3", "call_4"]);
    expect(callIds(await told(body, { change: { input: history } }))).toEqual(first);
  });

  it("whose every fragment has an id of its own is one call", async () => {
    const events = await told(callDelta(0, '{"a"', "x1", "one") + callDelta(0, ":1}", "x2") + stop + done);
    expect(items(events)).toEqual([
      { type: "function_call", call_id: "x1", name: "one", arguments: '{"a":1}' },
    ]);
  });

  it("without a name is no call: the answer is damaged", async () => {
    expect(reasonOf(await told(callDelta(0, '{"a":1}', "x") + stop + done))).toBe("incomplete");
  });
});

const reasonOf = (events: ProviderEvent[]): string | undefined => {
  const failure = failureOf(events);
  return isFailureOf(failure, "transport-interrupted") ? failure.data.reason : failure.class;
};

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

describe("an answer with thousands of calls", () => {
  const deltas = Array.from({ length: 20_000 }, (_, index) => ({
    index,
    function: { name: "look", arguments: '{"a":1}' },
  }));

  it.each([
    ["without numbers and ids", deltas.map(({ index: _index, ...delta }) => delta)],
    ["under one id", deltas.map((delta) => ({ ...delta, id: "call_0" }))],
  ])("is read as fast as it comes %s", (_name, calls) => {
    const reader = new ChatReader([], new Set());
    const ids = new Set(
      calls.flatMap((call) => {
        const event = { choices: [{ delta: { tool_calls: [call] } }] };
        return reader.event("", event, "").flatMap((said) => (said.type === "item" ? [said.facts.call] : []));
      }),
    );
    expect(ids.size).toBe(calls.length);
  });
});
