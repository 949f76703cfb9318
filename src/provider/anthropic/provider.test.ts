import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { failureOf, input, items, key, kinds } from "../../../test/wire/ask.ts";
import { ask, upstream, whole } from "../../../test/wire/asked-anthropic.ts";
import {
  blockStop,
  messageEnd,
  messageStart,
  messageUsage,
  ping,
  textBlock,
  toolUseBlock,
} from "../../../test/wire/messages-api.ts";
import { bodyOf, closeServers, serve, sse } from "../../../test/wire/upstream.ts";

afterEach(closeServers);

describe("a streamed answer", () => {
  it("keeps the numbers of an input that comes whole with its block", async () => {
    const block = '{"type":"tool_use","id":"t","name":"shell_command","input":{"id":12345678901234567890}}';
    const start = `{"type":"content_block_start","index":0,"content_block":${block}}`;
    const streamed = await upstream(
      `${messageStart}event: content_block_start\ndata: ${start}\n\n${messageEnd("tool_use")}`,
    );
    const unstreamed = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      const head = { "content-type": "application/json" };
      response.writeHead(200, head).end(`{"type":"message","content":[${block}],"stop_reason":"tool_use"}`);
    });
    for (const url of [streamed.url, unstreamed])
      expect(items(await ask(url))).toMatchObject([{ arguments: '{"id":12345678901234567890}' }]);
  });

  it.each([
    ["its text under another name", '{"patch":"*** Begin"}'],
    ["bare text", "*** Begin"],
    ["a JSON string", '"*** Begin"'],
  ])("has the text of a custom tool's call from %s", async (_what, json) => {
    const { url } = await upstream(
      messageStart + toolUseBlock(0, "toolu_01B", "apply_patch", json) + messageEnd("tool_use"),
    );
    expect(items(await ask(url))).toMatchObject([{ type: "custom_tool_call", input: "*** Begin" }]);
  });

  it("becomes items as its blocks stop, in their order, and ends with the usage", async () => {
    const { url } = await upstream(whole);
    const events = await ask(url);
    expect(kinds(events)).toEqual([
      "opened",
      "reasoning-delta",
      "reasoning-delta",
      "item",
      "item",
      "text-delta",
      "text-delta",
      "item",
      "item",
      "item",
      "item",
      "completed",
    ]);
    expect(items(events)).toEqual([
      {
        type: "reasoning",
        id: "rs_msg_01ABC_0",
        summary: [],
        content: [{ type: "reasoning_text", text: "Let me look." }],
        encrypted_content: "EqQBCgIYAhIM+/==",
        format: "anthropic-thinking-v1",
      },
      {
        type: "reasoning",
        id: "rs_msg_01ABC_1",
        summary: [],
        encrypted_content: "EmwKAhgBEgy3",
        format: "anthropic-redacted-v1",
      },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "Héllo" }] },
      { type: "function_call", call_id: "toolu_01A", name: "shell_command", arguments: '{"command": "ls"}' },
      { type: "custom_tool_call", call_id: "toolu_01B", name: "apply_patch", input: "*** Begin Patch\n" },
      { type: "function_call", call_id: "toolu_01C", name: "list", arguments: "{}" },
    ]);
    expect(events[3]).toMatchObject({
      facts: { kind: "reasoning", sealed: { shape: "opaque", tail: "EqQBCgIYAhIM+/==" } },
      model: "claude-sonnet-4-5-20250929",
    });
    expect(events[0]).toEqual({ type: "opened", response: "msg_01ABC", model: "claude-sonnet-4-5-20250929" });
    expect(events.at(-1)).toEqual({
      type: "completed",
      response: "msg_01ABC",
      model: "claude-sonnet-4-5-20250929",
      usage: { inputTokens: 142, cachedInputTokens: 100, outputTokens: 89, reasoningTokens: 0 },
    });
  });

  it("is accepted without a stream, and without a word where its blocks stop", async () => {
    const content = [
      { type: "text", text: "Hi" },
      { type: "tool_use", id: "toolu_1", name: "shell_command", input: { command: "ls" } },
    ];
    const answer = {
      id: "msg_1",
      type: "message",
      model: "m",
      content,
      stop_reason: "tool_use",
      usage: messageUsage,
    };
    const plain = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer)),
    );
    expect(items(await ask(plain))).toMatchObject([{ type: "message" }, { arguments: '{"command":"ls"}' }]);
    const empty = await serve((_incoming, response) =>
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ ...answer, content: null, stop_reason: "end_turn" })),
    );
    expect((await ask(empty)).map(({ type }) => type)).toEqual(["opened", "completed"]);
    const error = await serve((_incoming, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end('{"code":500,"msg":"no channel"}'),
    );
    expect(failureOf(await ask(error)).message).toContain("no channel");
    const unstopped = whole.replaceAll(/event: content_block_stop\n.*\n\n/gu, "");
    expect(items(await ask((await upstream(unstopped)).url))).toHaveLength(6);
  });

  it.each([
    ["before message_start", ""],
    ["after message_start", messageStart],
    ["in the middle of a tool's input", whole.slice(0, whole.indexOf('nd\\": \\"ls'))],
    ["after all blocks", whole.slice(0, whole.indexOf("event: message_delta"))],
  ])("that ends %s is an interruption", async (_where, text) => {
    const failure = failureOf(await ask((await upstream(text)).url));
    expect(failure).toMatchObject({ class: "transport-interrupted", data: { reason: "cut" } });
    expect(failure.message).toContain("message_stop");
  });

  const stopped = whole.slice(0, whole.indexOf("event: message_stop"));

  it.each<[string, string, (response: ServerResponse) => void]>([
    ["closes the stream", "", (response) => response.end()],
    ["breaks the connection", "", (response) => response.socket?.destroy()],
    ["says [DONE]", "data: [DONE]\n\n", () => undefined],
    ["only keeps it alive", ping, () => undefined],
  ])("is whole without message_stop when the server %s behind why it stopped", async (_what, more, end) => {
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(stopped + more, () => end(response));
    });
    const events = await ask(url);
    expect(items(events)).toHaveLength(6);
    expect(events.at(-1)).toMatchObject({ type: "completed", usage: { outputTokens: 89 } });
  });

  it.each([
    ["", "message_stop", sse("message_stop", {})],
    ["", "the stream's end", ""],
    [" after an earlier count", "message_stop", sse("message_stop", {})],
  ])(
    "has the usage%s that is told behind the reason and a sign of life, before %s",
    async (early, _end, end) => {
      const count = early === "" ? "" : sse("message_delta", { delta: {}, usage: { output_tokens: 50 } });
      const reason = sse("message_delta", { delta: { stop_reason: "end_turn" } });
      const usage = sse("message_delta", { delta: {}, usage: { output_tokens: 90 } });
      const text = messageStart + textBlock(0, "Said.") + count + reason + ping + usage + end;
      const events = await ask((await upstream(text)).url);
      expect(events.at(-1)).toMatchObject({ type: "completed", usage: { outputTokens: 90 } });
    },
  );

  it("whose usage is never told is whole when the server keeps it alive for the second time", async () => {
    const reason = sse("message_delta", { delta: { stop_reason: "end_turn" } });
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(messageStart + textBlock(0, "Said.") + reason + ping + ping);
    });
    expect((await ask(url)).at(-1)).toMatchObject({ type: "completed", usage: { outputTokens: 1 } });
  });

  it.each([
    ["is cut where no reason was told", "", false],
    ["is read on behind the reason while a block is open", "end_turn", true],
  ])("%s", async (_what, reason, isWhole) => {
    const text = (words: string): string =>
      sse("content_block_delta", { index: 0, delta: { type: "text_delta", text: words } });
    const url = await serve(async (incoming, response) => {
      await bodyOf(incoming);
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(
        messageStart + sse("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      );
      response.write(text("I will now del"));
      response.write(sse("message_delta", { delta: { stop_reason: reason }, usage: { output_tokens: 1 } }));
      response.end(isWhole ? ping + text("ete.") + sse("content_block_stop", { index: 0 }) : "");
    });
    const events = await ask(url);
    expect(events.at(-1)?.type === "completed").toBe(isWhole);
    expect(JSON.stringify(items(events)).includes("I will now delete.")).toBe(isWhole);
  });

  it("has the reason that it stopped for when a later event tells its usage alone", async () => {
    const usage = sse("message_delta", { delta: {}, usage: { output_tokens: 90 } });
    const text =
      messageStart + messageEnd("max_tokens").replace("event: message_stop", `${usage}event: message_stop`);
    expect(failureOf(await ask((await upstream(text)).url)).class).toBe("output-limit");
  });

  it.each([
    ["max_tokens", {}, "output-limit"],
    ["refusal", {}, "refusal"],
    ["refusal", { stop_details: { type: "refusal", category: "cyber", explanation: "No." } }, "refusal"],
    ["model_context_window_exceeded", {}, "context-overflow"],
    ["pause_turn", {}, "transport-interrupted"],
  ])("that stops for %s keeps what it said and ends as what it is", async (reason, more, expected) => {
    const events = await ask(
      (await upstream(messageStart + textBlock(0, "So far") + messageEnd(reason, more))).url,
    );
    expect(kinds(events)).toEqual(["opened", "text-delta", "item", "failed"]);
    expect(failureOf(events).class).toBe(expected);
  });

  it.each([
    ["overloaded_error", "Overloaded", "overloaded"],
    ["api_error", "Internal server error", "overloaded"],
    ["rate_limit_error", "This request would exceed your account's rate limit.", "rate-limit"],
  ])("that breaks with the error event %s is told by its class", async (type, message, expected) => {
    const text = messageStart + textBlock(0, "a") + sse("error", { error: { type, message } });
    const events = await ask((await upstream(text)).url);
    expect(kinds(events)).toEqual(["opened", "text-delta", "item", "failed"]);
    expect(failureOf(events).class).toBe(expected);
  });

  it("with a delta of a block that never started is incomplete", async () => {
    const text =
      messageStart + sse("content_block_delta", { index: 3, delta: { type: "text_delta", text: "x" } });
    expect(failureOf(await ask((await upstream(text + blockStop(3))).url))).toMatchObject({
      data: { reason: "incomplete" },
    });
  });
});

async function refusing(
  status: number,
  error: object,
  headers: Record<string, string> = {},
): Promise<string> {
  return serve(async (incoming, response) => {
    await bodyOf(incoming);
    const body = { type: "error", error, request_id: "req_1" };
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
}

describe("a refusal", () => {
  const user = '{"type":"message","role":"user","content":"a"}';
  const thinking =
    '{"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"t"}],"encrypted_content":"SIG","format":"anthropic-thinking-v1"}';
  const call = '{"type":"function_call","call_id":"odd.id","name":"shell_command","arguments":"{}"}';
  const history = { input: input(user, user, thinking, call) };

  it("names the item of the input that it means, not the place in the messages", async () => {
    const message = "messages.1.content.0: Invalid `signature` in `thinking` block";
    const url = await refusing(400, { type: "invalid_request_error", message });
    expect(failureOf(await ask(url, history))).toMatchObject({
      class: "thinking-signature-rejected",
      data: { index: 2 },
      signal: { status: 400, message },
    });
    const nowhere = await refusing(400, {
      type: "invalid_request_error",
      message: message.replace("1", "9"),
    });
    expect(failureOf(await ask(nowhere, history)).data).toEqual({});
  });

  it("names a call by its own id", async () => {
    const sent = await upstream(messageStart + messageEnd("end_turn"));
    await ask(sent.url, history);
    const id = /"type":"tool_use","id":"([\w-]+)"/u.exec(JSON.stringify(sent.body))?.[1];
    const message = `messages.1: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${id}. Each …`;
    const url = await refusing(400, { type: "invalid_request_error", message });
    expect(failureOf(await ask(url, history))).toMatchObject({
      class: "call-without-output",
      data: { call: "odd.id" },
    });
  });

  it("is quoted as it stands where the key is a word that needs no hiding", async () => {
    const message = "messages.1.content.0: Invalid `signature` in `thinking` block";
    const url = await refusing(400, { type: "invalid_request_error", message });
    const failure = failureOf(await ask(url, history, { apiKey: "k" }));
    expect(failure.signal?.message).toBe(message);
  });

  it("never shows the key", async () => {
    const url = await refusing(401, { type: "authentication_error", message: `invalid x-api-key ${key}` });
    const failure = failureOf(await ask(url));
    expect(failure.class).toBe("auth-denied");
    expect(JSON.stringify([failure.message, failure.signal])).not.toContain(key);
  });
});
