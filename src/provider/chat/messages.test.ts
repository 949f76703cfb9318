import { afterEach, describe, expect, it } from "vitest";
import { ask, failureOf, input, key, request } from "../../../test/wire/ask.ts";
import { bodyOf, closeServers, serve } from "../../../test/wire/upstream.ts";
import {
  answer,
  call,
  messages,
  output,
  said,
  sent,
  thought,
  toolCall,
  user,
} from "../../../test/wire/chat-messages.ts";
import type { ChatDialect } from "./dialect.ts";
import { chatProvider } from "./provider.ts";

afterEach(closeServers);

describe("the request", () => {
  it("is one POST with the wire's members", async () => {
    const tools = [
      { type: "function" as const, name: "ls", description: "lists", parameters: { type: "object" } },
      {
        type: "custom" as const,
        name: "apply_patch",
        description: "patches",
        format: { type: "grammar", syntax: "lark", definition: "start: x" },
      },
    ];
    const { body, head, length } = await sent({ tools });
    expect(head.method).toBe("POST");
    expect(head.url).toBe("/v1/chat/completions");
    expect(head.headers.authorization).toBe(`Bearer ${key}`);
    expect(Number(head.headers["content-length"])).toBe(length);
    expect(body).toEqual({
      model: "gpt-test",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hello" },
      ],
      tools: [
        { type: "function", function: { name: "ls", description: "lists", parameters: { type: "object" } } },
        {
          type: "function",
          function: {
            name: "apply_patch",
            description: expect.stringMatching(/^patches[^]*`input`[^]*lark[^]*start: x$/u) as string,
            parameters: {
              type: "object",
              properties: { input: { type: "string" } },
              required: ["input"],
              additionalProperties: false,
            },
          },
        },
      ],
      reasoning_effort: "low",
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it("leaves out what was not asked for, and names the cache key to OpenAI alone", async () => {
    const { effort: _effort, ...plain } = request;
    let text = "";
    const url = await serve(async (incoming, response) => {
      text = await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" }).end(answer);
    });
    const provider = chatProvider({
      name: "test",
      baseUrl: url,
      contract: "openai",
      dialect: { cacheKey: true },
    });
    for await (const event of provider.stream({ ...plain, instructions: "" }, new AbortController().signal))
      expect(event.type).not.toBe("failed");
    expect(JSON.parse(text)).toEqual({
      model: "gpt-test",
      messages: [{ role: "user", content: "hello" }],
      stream: true,
      stream_options: { include_usage: true },
      prompt_cache_key: "session-1",
    });
  });
});

it("goes without the parameters that the endpoint has refused", async () => {
  const without = [
    "stream_options",
    "reasoning_effort",
    "messages[1].reasoning_content",
    "messages",
    "strict",
    "tools[name=mv]",
  ];
  const tool = { type: "function" as const, description: "", parameters: {}, strict: true };
  const tools = [
    { ...tool, name: "ls" },
    { ...tool, name: "mv" },
  ];
  const items = [user("go"), thought("Look."), said("Done."), user("more")].map((item) =>
    JSON.stringify(item),
  );
  const { body } = await sent({ instructions: "", input: input(...items), tools, without });
  expect(body).toEqual({
    model: "gpt-test",
    messages: [
      { role: "user", content: "go" },
      { role: "assistant", content: "Done." },
      { role: "user", content: "more" },
    ],
    tools: [{ type: "function", function: { name: "ls", description: "", parameters: {} } }],
    stream: true,
  });
});

describe("the history", () => {
  it("has one assistant message for a step, and the outputs right after it in the order of its calls", async () => {
    const made = await messages([
      user("go"),
      said("Both."),
      call("a"),
      call("b"),
      output("b", "B"),
      output("a", "A"),
      said("Done."),
    ]);
    expect(made).toEqual([
      { role: "user", content: "go" },
      { role: "assistant", content: "Both.", tool_calls: [toolCall("a"), toolCall("b")] },
      { role: "tool", tool_call_id: "a", content: "A" },
      { role: "tool", tool_call_id: "b", content: "B" },
      { role: "assistant", content: "Done." },
    ]);
  });

  it("puts nothing between calls and outputs, whatever stands there", async () => {
    const made = await messages([call("a"), user("wait"), output("a", "A"), call("a"), output("a", "again")]);
    expect(made).toEqual([
      { role: "assistant", content: null, tool_calls: [toolCall("a")] },
      { role: "tool", tool_call_id: "a", content: "A" },
      { role: "user", content: "wait" },
      { role: "assistant", content: null, tool_calls: [toolCall("a")] },
      { role: "tool", tool_call_id: "a", content: "again" },
    ]);
  });

  it("begins with the one system message; what the developer says later is told as the user's", async () => {
    const developer = (text: string): object => ({ type: "message", role: "developer", content: text });
    expect(await messages([developer("Context."), user("go"), developer("Note.")], {}, "Be brief.")).toEqual([
      { role: "system", content: "Be brief.\n\nContext." },
      { role: "user", content: "go" },
      { role: "user", content: "Note." },
    ]);
  });

  it("carries plain reasoning with the step that it led to, and none without one", async () => {
    expect(
      await messages([
        user("go"),
        thought("Look."),
        call("a"),
        output("a", "A"),
        thought("Alone."),
        user("more"),
      ]),
    ).toEqual([
      { role: "user", content: "go" },
      { role: "assistant", content: null, reasoning_content: "Look.", tool_calls: [toolCall("a")] },
      { role: "tool", tool_call_id: "a", content: "A" },
      { role: "user", content: "more" },
    ]);
  });

  it("has custom calls as a function's, with the text as `input`", async () => {
    const made = await messages([
      { type: "custom_tool_call", call_id: "a", name: "apply_patch", input: '*** "x"' },
      { type: "custom_tool_call_output", call_id: "a", output: "ok" },
    ]);
    expect(made).toEqual([
      {
        role: "assistant",
        content: null,
        tool_calls: [
          {
            id: "a",
            type: "function",
            function: { name: "apply_patch", arguments: '{"input":"*** \\"x\\""}' },
          },
        ],
      },
      { role: "tool", tool_call_id: "a", content: "ok" },
    ]);
  });

  it.each([
    ["", "{}"],
    ['{"a": oops', '{"arguments":"{\\"a\\": oops"}'],
    ["[1]", '{"arguments":"[1]"}'],
    ['{"a":1}', '{"a":1}'],
  ])("has the arguments %j as an object", async (given, expected) => {
    expect(await messages([call("a", { arguments: given }), output("a", "A")])).toMatchObject([
      { tool_calls: [{ function: { arguments: expected } }] },
      {},
    ]);
  });

  it("shows the user's images as they are, and those of a tool after all its step's outputs", async () => {
    const image = { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "low" };
    const made = await messages([
      { type: "message", role: "user", content: [{ type: "input_text", text: "see" }, image] },
      call("a"),
      call("b"),
      output("a", [image]),
      output("b", "B"),
    ]);
    const shown = { type: "image_url", image_url: { url: "data:image/png;base64,AA==", detail: "low" } };
    expect(made).toEqual([
      { role: "user", content: [{ type: "text", text: "see" }, shown] },
      { role: "assistant", content: null, tool_calls: [toolCall("a"), toolCall("b")] },
      { role: "tool", tool_call_id: "a", content: "[shown in the next message]" },
      { role: "tool", tool_call_id: "b", content: "B" },
      { role: "user", content: [{ type: "text", text: "What ls gave:" }, shown] },
    ]);
  });

  it("never has an empty text", async () => {
    const made = await messages([user("  "), said(""), call("a"), output("a", ""), said("\n"), user("go")]);
    expect(made).toEqual([
      { role: "assistant", content: null, tool_calls: [toolCall("a")] },
      { role: "tool", tool_call_id: "a", content: "[no output]" },
      { role: "user", content: "go" },
    ]);
  });
});

describe("a refusal is told in terms of the input", () => {
  const refused = async (
    message: string,
    param: string | null,
    items: object[],
    dialect: Partial<ChatDialect> = {},
  ): Promise<unknown> => {
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      const error = { message, type: "invalid_request_error", param, code: null };
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error }));
    });
    const change = { input: input(...items.map((item) => JSON.stringify(item))) };
    return failureOf(await ask(url, { make: (options) => chatProvider({ ...options, dialect }), change }))
      .data;
  };
  const image = { type: "input_image", image_url: "data:image/png;base64,AA==" };

  it("where it names an image by its message", async () => {
    const invalid = "The image data you provided does not represent a valid image.";
    const items = [
      user("a"),
      call("c"),
      output("c", [image]),
      { type: "message", role: "user", content: [image] },
    ];
    // The system message, the user's, the call, its output, the image shown for it, and the user's image.
    expect(await refused(invalid, "messages.[4].content.[1].image_url", items)).toEqual({ index: 2 });
    expect(await refused(invalid, "messages[5].content[0].image_url", items)).toEqual({ index: 3 });
  });

  it("where it names a call by the id that was sent", async () => {
    const items = [call("call_long_1"), output("call_long_1", "A")];
    const sentId = ((await messages(items, { shortCallIds: true })) as { tool_call_id?: string }[])[1]
      ?.tool_call_id;
    const message = `The following tool_call_ids did not have response messages: ${sentId}`;
    expect(await refused(message, null, items, { shortCallIds: true })).toEqual({ call: "call_long_1" });
  });
});
