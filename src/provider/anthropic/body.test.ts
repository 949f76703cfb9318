import { afterEach, describe, expect, it } from "vitest";
import { input, key, request } from "../../../test/wire/ask.ts";
import { ask, upstream, whole } from "../../../test/wire/asked-anthropic.ts";
import { messageEnd, messageStart } from "../../../test/wire/messages-api.ts";
import { closeServers } from "../../../test/wire/upstream.ts";
import { anthropicProvider } from "./provider.ts";

afterEach(closeServers);

describe("a request", () => {
  it("has the wire's headers and members, thinking with a budget, and four cache marks", async () => {
    const sent = await upstream(messageStart + messageEnd("end_turn"));
    const user = '{"type":"message","role":"user","content":"hello"}';
    const said = '{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hi"}]}';
    await ask(sent.url, { input: input(user, said, user) });
    expect(sent.head?.url).toBe("/v1/messages");
    expect(sent.head?.headers).toMatchObject({ "x-api-key": key, "anthropic-version": "2023-06-01" });
    expect(sent.head?.headers).not.toHaveProperty("authorization");
    const cache_control = { type: "ephemeral" };
    const hello = { role: "user", content: [{ type: "text", text: "hello", cache_control }] };
    expect(sent.body).toEqual({
      model: "claude-sonnet-4-5",
      max_tokens: 36_096,
      thinking: { type: "enabled", budget_tokens: 4_096 },
      stream: true,
      metadata: { user_id: "session-1" },
      tools: [
        { name: "shell_command", description: "runs", input_schema: { type: "object" } },
        {
          name: "apply_patch",
          description: "patches",
          input_schema: {
            type: "object",
            properties: {
              input: { type: "string", description: "The whole input of the tool, as raw text." },
            },
            required: ["input"],
            additionalProperties: false,
          },
          cache_control,
        },
      ],
      system: [{ type: "text", text: "Be brief.", cache_control }],
      messages: [hello, { role: "assistant", content: [{ type: "text", text: "hi" }] }, hello],
    });
  });

  it("goes to /v1/messages whether the base URL has the version or not", async () => {
    const sent = await upstream(messageStart + messageEnd("end_turn"));
    await ask(sent.url.replace(/\/v1$/u, ""));
    expect(sent.head?.url).toBe("/v1/messages");
    await ask(`${sent.url.replace(/\/v1$/u, "")}/anthropic/?x=1`);
    expect(sent.head?.url).toBe("/anthropic/v1/messages?x=1");
  });

  it.each([
    ["claude-opus-4-6", "xhigh", { thinking: { type: "adaptive" }, output_config: { effort: "high" } }],
    [
      "claude-opus-4-7",
      "xhigh",
      { thinking: { type: "adaptive", display: "summarized" }, output_config: { effort: "xhigh" } },
    ],
    ["claude-opus-4-20250514", "high", { thinking: { budget_tokens: 20_480 }, max_tokens: 32_000 }],
    ["claude-3-7-sonnet-20250219", "medium", { thinking: { budget_tokens: 10_240 } }],
    ["claude-3-5-haiku-latest", "high", { max_tokens: 8_192 }],
    ["anthropic/claude-haiku-4.5", "none", { max_tokens: 32_000 }],
    ["kimi-k2", undefined, { max_tokens: 32_000 }],
  ])("asks %s with the effort %s in the way that it knows", async (model, effort, expected) => {
    const sent = await upstream(messageStart + messageEnd("end_turn"));
    const { effort: _low, ...plain } = request;
    const provider = anthropicProvider({ name: "test", baseUrl: sent.url, contract: "anthropic" });
    const asked = { ...plain, model, ...(effort !== undefined && { effort }) };
    for await (const event of provider.stream(asked, new AbortController().signal))
      expect(event.type).not.toBe("failed");
    expect(sent.body).toMatchObject(expected);
    expect("thinking" in sent.body).toBe("thinking" in expected);
  });

  it.each([
    ["claude-sonnet-4-5", ["thinking.type.enabled"], { thinking: { type: "adaptive" } }],
    ["claude-opus-4-7", ["thinking.type.adaptive"], { thinking: { type: "enabled", budget_tokens: 4_096 } }],
    ["claude-opus-4-7", ["thinking.type.adaptive", "thinking.type.enabled"], { max_tokens: 32_000 }],
    ["claude-sonnet-4-5", ["thinking"], { max_tokens: 32_000 }],
    ["claude-sonnet-4-5", ["max_tokens"], { max_tokens: 8_192, thinking: { budget_tokens: 4_096 } }],
    ["claude-opus-4-7", ["output_config.effort", "metadata"], { thinking: { type: "adaptive" } }],
  ])("to %s goes without %j once that was refused", async (model, without, expected) => {
    const sent = await upstream(messageStart + messageEnd("end_turn"));
    await ask(sent.url, { model, without });
    expect(sent.body).toMatchObject(expected);
    expect("thinking" in sent.body).toBe("thinking" in expected);
    expect("metadata" in sent.body).toBe(!without.includes("metadata"));
    expect("output_config" in sent.body && without.includes("output_config.effort")).toBe(false);
  });

  it("replays thinking byte for byte in an open loop, and doesn't ask for more where the loop has lost its own", async () => {
    const sent = await upstream(whole);
    const user = '{"type":"message","role":"user","content":"hello"}';
    const made = (await ask(sent.url)).flatMap((event) =>
      event.type === "item" ? [Buffer.from(event.item).toString()] : [],
    );
    const outputs = ["toolu_01A", "toolu_01C"].map(
      (id) => `{"type":"function_call_output","call_id":"${id}","output":"ok"}`,
    );
    outputs.push('{"type":"custom_tool_call_output","call_id":"toolu_01B","output":""}');
    await ask(sent.url, { input: input(user, ...made, ...outputs) });
    expect(sent.body).toMatchObject({ thinking: { type: "enabled" } });
    const messages = sent.body["messages"] as { content: unknown[] }[];
    expect(messages[1]?.content.slice(0, 2)).toEqual([
      { type: "thinking", thinking: "Let me look.", signature: "EqQBCgIYAhIM+/==" },
      { type: "redacted_thinking", data: "EmwKAhgBEgy3" },
    ]);
    expect(messages[2]?.content).toMatchObject([
      { tool_use_id: "toolu_01A" },
      { tool_use_id: "toolu_01B" },
      { tool_use_id: "toolu_01C" },
    ]);

    await ask(sent.url, { input: input(user, ...made.slice(2), ...outputs) });
    expect(sent.body).not.toHaveProperty("thinking");
    await ask(sent.url, { sealed: false, input: input(user, ...made, ...outputs) });
    expect(sent.body).not.toHaveProperty("thinking");
    expect(JSON.stringify(sent.body)).not.toContain("signature");
  });

  it("defines the tools that its history calls although it offers none, and lets none be called", async () => {
    const sent = await upstream(messageStart + messageEnd("end_turn"));
    const call = '{"type":"function_call","call_id":"c","name":"old.tool","arguments":"{}"}';
    await ask(sent.url, { tools: [], input: input('{"type":"message","role":"user","content":"a"}', call) });
    expect(sent.body).toMatchObject({ tools: [{ name: "old_tool" }], tool_choice: { type: "none" } });
  });
});
