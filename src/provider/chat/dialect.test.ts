import { afterEach, describe, expect, it } from "vitest";
import { input } from "../../../test/wire/ask.ts";
import {
  call,
  messages,
  output,
  said,
  sent,
  thought,
  toolCall,
  user,
} from "../../../test/wire/chat-messages.ts";
import { closeServers } from "../../../test/wire/upstream.ts";
import { dialectOf, dialectOfModel } from "./dialect.ts";

afterEach(closeServers);

describe("the history", () => {
  it("gives Mistral call ids of nine characters, alike on the call and its output", async () => {
    const made = (await messages(
      [call("call_long_1"), output("call_long_1", "A"), call("abcDEF123"), output("abcDEF123", "B")],
      {
        shortCallIds: true,
      },
    )) as { tool_calls?: { id: string }[]; tool_call_id?: string }[];
    const ids = made.flatMap((message) => message.tool_calls?.[0]?.id ?? message.tool_call_id ?? []);
    expect(ids[0]).toMatch(/^[A-Za-z0-9]{9}$/u);
    expect(ids).toEqual([ids[0], ids[0], "abcDEF123", "abcDEF123"]);
  });

  it("goes on in Mistral's order: an answer between outputs and the user, and one message of the user's at a time", async () => {
    const items = [user("a"), user("b"), call("abcDEF123"), output("abcDEF123", "A"), user("c")];
    const { body } = await sent({
      instructions: "",
      model: "devstral-2",
      input: input(...items.map((item) => JSON.stringify(item))),
    });
    expect(body["messages"]).toEqual([
      { role: "user", content: "a\n\nb" },
      { role: "assistant", content: null, tool_calls: [toolCall("abcDEF123")] },
      { role: "tool", tool_call_id: "abcDEF123", content: "A" },
      { role: "assistant", content: "[interrupted]" },
      { role: "user", content: "c" },
    ]);
    expect(await messages(items)).toHaveLength(5);
    expect(await messages(items)).not.toContainEqual({ role: "assistant", content: "[interrupted]" });
  });

  it("ends with the user where an answer that was cut off would be taken for the next one's beginning", async () => {
    const items = [user("go"), said("Half.")];
    const tail = { role: "user", content: expect.stringMatching(/^\[Go on/u) as string };
    expect(await messages(items, { endsOnUser: true })).toEqual([
      { role: "user", content: "go" },
      { role: "assistant", content: "Half." },
      tail,
    ]);
    expect(await messages(items, { endsOnUser: false })).toHaveLength(2);
  });

  it("gives Gemini its thought signatures back, and nobody else", async () => {
    const items = [call("a", { thought_signature: "sig" }), output("a", "A")];
    const extra = { extra_content: { google: { thought_signature: "sig" } } };
    expect(await messages(items, { thoughtSignatures: true })).toMatchObject([
      { tool_calls: [toolCall("a", extra)] },
      {},
    ]);
    expect(await messages(items)).toEqual([
      { role: "assistant", content: null, tool_calls: [toolCall("a")] },
      { role: "tool", tool_call_id: "a", content: "A" },
    ]);
  });
});

it("a backend that demands reasoning gets it with every assistant message, a space where there is none", async () => {
  const items = [user("go"), thought("Look."), call("a"), output("a", "A"), said("Done."), user("more")];
  const expected = [
    {},
    { role: "assistant", reasoning_content: "Look." },
    {},
    { role: "assistant", content: "Done.", reasoning_content: " " },
    {},
  ];
  expect(await messages(items, { reasoningRequired: true })).toMatchObject(expected);
  // One that gets any back is such a backend; one that gets none may not know the member.
  expect(await messages(items)).toMatchObject(expected);
  expect(JSON.stringify(await messages([said("Done.")]))).not.toContain("reasoning_content");
  expect(JSON.stringify(await messages([said("Done.")], { reasoningRequired: true }))).toContain(
    "reasoning_content",
  );
});

it("the base URL tells the dialect", () => {
  expect(dialectOf("https://api.openai.com/v1")).toMatchObject({ cacheKey: true, shortCallIds: false });
  expect(dialectOf("https://api.mistral.ai/v1")).toMatchObject({ cacheKey: false, shortCallIds: true });
  expect(dialectOf("https://generativelanguage.googleapis.com/v1beta/openai")).toMatchObject({
    thoughtSignatures: true,
  });
  expect(dialectOf("https://notopenai.com/v1").cacheKey).toBe(false);
  expect(dialectOf("https://api.deepseek.com").reasoningRequired).toBe(true);
  expect(dialectOf("https://gateway.example/v1", "deepseek").reasoningRequired).toBe(true);
});

it("the model's name tells what Mistral's models demand wherever they are served", () => {
  const dialect = dialectOf("https://gateway.example/v1");
  for (const model of ["mistralai/mistral-small-4", "ministral-3-8b", "Devstral-Small-2", "codestral-latest"])
    expect(dialectOfModel(dialect, model)).toMatchObject({ strictRoles: true, shortCallIds: true });
  expect(dialectOfModel(dialect, "qwen3-coder")).toBe(dialect);
});
