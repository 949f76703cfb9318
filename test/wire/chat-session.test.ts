// Sessions over Chat Completions, and sessions that change wires between turns, against simulators that refuse what the real wires refuse.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isJsonObject, type JsonObject } from "../../src/lib/json.ts";
import { chatProvider } from "../../src/provider/chat/provider.ts";
import { responsesProvider } from "../../src/provider/responses/provider.ts";
import { createSession, resumeSession, type Session } from "../../src/runtime.ts";
import type { Equipment } from "../../src/runtime/equipment.ts";
import {
  patch,
  type ScenarioInput,
  shell,
  type Simulator,
  startSimulator,
  step,
  turn,
} from "../../src/simulator/server.ts";
import { never, testSessions } from "../kit/sessions.ts";

const sessions = testSessions();
let chat: Simulator;
let responses: Simulator;

beforeEach(async () => {
  chat = await startSimulator({ wire: "chat" });
  responses = await startSimulator();
});

afterEach(() => Promise.all([chat.close(), responses.close()]));

type Backend = "responses" | "chat" | "deepseek";

function equipment(backend: Backend): Equipment {
  const options = { name: backend, contract: backend === "responses" ? "openai" : backend };
  const provider =
    backend === "responses"
      ? responsesProvider({ ...options, baseUrl: responses.url, apiKey: "k" })
      : chatProvider({ ...options, baseUrl: chat.url });
  return sessions.equipment(provider, { model: "gpt-5.5" });
}

const started = (backend: Backend): Promise<Session> =>
  createSession(sessions.runtime(), sessions.start(), equipment(backend));

const resumed = (id: string, backend: Backend): Promise<Session> =>
  resumeSession(sessions.runtime(), id, { force: false }, () => Promise.resolve(equipment(backend)));

function messagesOf(request: number): JsonObject[] {
  const messages = chat.requests.at(request)?.body?.["messages"];
  return Array.isArray(messages) ? messages.filter(isJsonObject) : [];
}

function sealedOf(request: number): JsonObject[] {
  const input = responses.requests.at(request)?.body?.["input"];
  return Array.isArray(input)
    ? input.filter(isJsonObject).filter((item) => item["type"] === "reasoning")
    : [];
}

const statuses = ({ requests }: Simulator): number[] => requests.map(({ status }) => status);

const run = step(shell("echo ran >> ran; cat ran"), { reason: "Look.", say: "I look." });
const runsOnce: ScenarioInput = { turn: [turn(undefined, run, step("Done: {{last_line}}"))] };

describe("a session over chat", () => {
  it("runs a tool and goes on with its output", async () => {
    chat.reset(runsOnce);
    const session = await started("chat");
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    await session.close();
    expect(sessions.ran()).toBe(1);
    expect(statuses(chat)).toEqual([200, 200]);
    expect(messagesOf(1).map(({ role }) => role)).toEqual(["system", "user", "assistant", "tool"]);
    expect(messagesOf(1)[2]).toMatchObject({
      content: "I look.",
      tool_calls: [{ function: { name: "shell_command" } }],
    });
    expect(messagesOf(1)[3]?.["content"]).toContain("ran");
  });

  it("carries the output of a finished tool in the request that follows a cut, and runs the tool once", async () => {
    chat.reset({ ...runsOnce, fault: [{ kind: "cut", after: "call" }] });
    const session = await started("chat");
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    await session.close();
    expect(sessions.ran()).toBe(1);
    expect(chat.requests).toHaveLength(2);
    expect(messagesOf(1).at(-1)).toMatchObject({
      role: "tool",
      content: expect.stringContaining("ran") as string,
    });
  });

  it("goes on from a text that was whole before the cut, and shows it once", async () => {
    const twice = { ...run, call: [shell("echo ran >> ran"), shell("true")] };
    chat.reset({
      turn: [turn(undefined, twice, step("Done."))],
      // In the middle of the second call's arguments: the text and the first call are whole.
      fault: [{ kind: "cut", after: "arguments", nth: 2 }],
    });
    const session = await started("chat");
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    await session.close();
    expect(sessions.ran()).toBe(1);
    const shown = sessions.updates
      .flatMap((update) => (update.type === "text-delta" ? [update.text] : []))
      .join("");
    expect(shown.split("I look.")).toHaveLength(2);
  });

  it("goes on with a text that nothing followed before the cut", async () => {
    chat.reset({ ...runsOnce, fault: [{ kind: "cut", after: "arguments" }] });
    const session = await started("chat");
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    await session.close();
    // A backend that takes an assistant's message at the end for a beginning is told to go on.
    expect(messagesOf(1).at(-2)).toMatchObject({ role: "assistant", content: "I look." });
    expect(messagesOf(1).at(-1)).toMatchObject({
      role: "user",
      content: expect.stringMatching(/^\[Go on/u) as string,
    });
    expect(sessions.ran()).toBe(1);
  });

  it("starts no call that was cut off in its arguments", async () => {
    chat.reset({ ...runsOnce, fault: [{ kind: "cut", after: "arguments" }] });
    const session = await started("chat");
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    await session.close();
    expect(sessions.ran()).toBe(1);
    expect(statuses(chat)).toEqual([200, 200, 200]);
  });

  it("patches files through a function, and answers parallel calls of a server that names them all alike", async () => {
    const text = "*** Begin Patch\n*** Add File: new.txt\n+made\n*** End Patch";
    chat.reset({
      chat: { call_ids: "repeated" },
      turn: [
        turn(
          undefined,
          step([patch(text), shell("echo ran >> ran")]),
          step(shell("cat new.txt")),
          step("Done."),
        ),
      ],
    });
    const session = await started("chat");
    expect(await session.run("go", never)).toEqual({ kind: "completed" });
    await session.close();
    expect(await readFile(join(sessions.workspace, "new.txt"), "utf8")).toBe("made\n");
    expect(sessions.ran()).toBe(1);
    expect(statuses(chat)).toEqual([200, 200, 200]);
    expect(messagesOf(2).flatMap(({ tool_call_id: id }) => id ?? [])).toEqual([
      "call_0",
      "call_0_2",
      "call_0_3",
    ]);
  });
});

describe("a session that changes wires between its turns", () => {
  const talks: ScenarioInput = {
    turn: [turn(undefined, { ...run, say: undefined }, step("Said.", { reason: "Thought." }))],
  };

  it("leaves blobs of the other issuer out before they are sent, and sends them again on the way back", async () => {
    responses.reset(talks);
    chat.reset(talks);
    const session = await started("responses");
    await session.run("one", never);
    await session.close();
    const there = await resumed(session.id, "chat");
    await there.run("two", never);
    await there.close();
    const back = await resumed(session.id, "responses");
    await back.run("three", never);
    await back.close();

    // No request was refused, in neither direction.
    expect(new Set([...statuses(responses), ...statuses(chat)])).toEqual(new Set([200]));
    expect(sessions.updates.filter(({ type }) => type === "repaired")).toEqual([]);
    const text = JSON.stringify(chat.requests.map(({ body }) => body));
    expect(text).not.toContain("encrypted_content");
    expect(text).not.toContain("gAAAAA");
    // Everything visible of the first turn went over the other wire, tools included.
    expect(messagesOf(0).map(({ role }) => role)).toEqual([
      "system",
      "user",
      "assistant",
      "tool",
      "assistant",
      "user",
    ]);
    // Both blobs of the first turn are sent again, and what chat answered stands in between.
    const first = responses.requests.length - 2;
    expect(sealedOf(first)).toHaveLength(2);
    expect(JSON.stringify(responses.requests[first]?.body)).toContain('"two"');
    expect(sessions.ran()).toBe(3);
  });

  it("gives a backend that demands reasoning its own back, and a space for another's", async () => {
    responses.reset(talks);
    chat.reset({ ...talks, chat: { reasoning: "required" } });
    const session = await started("responses");
    await session.run("one", never);
    await session.close();
    const there = await resumed(session.id, "deepseek");
    await there.run("two", never);
    await there.close();
    expect(statuses(chat)).toEqual([200, 200]);
    const assistants = messagesOf(1).filter(({ role }) => role === "assistant");
    expect(assistants.map(({ reasoning_content: thought }) => thought)).toEqual([" ", " ", "Look."]);
    const back = await resumed(session.id, "responses");
    await back.run("three", never);
    await back.close();
    // DeepSeek's plain words are nothing that the Responses API takes.
    expect(new Set(statuses(responses))).toEqual(new Set([200]));
  });

  it("is healed where a gateway turns out to demand reasoning, that of another backend's steps included", async () => {
    responses.reset(talks);
    chat.reset({ ...talks, chat: { reasoning: "required" } });
    const session = await started("responses");
    await session.run("one", never);
    await session.close();
    const there = await resumed(session.id, "chat");
    expect(await there.run("two", never)).toEqual({ kind: "completed" });
    expect(await there.run("three", never)).toEqual({ kind: "completed" });
    await there.close();
    expect(statuses(chat)).toEqual([200, 400, 200, 200, 200]);
    expect(sessions.updates.filter(({ type }) => type === "repaired")).toHaveLength(1);
  });

  it.each([
    [
      "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
      {},
    ],
    ["Unknown parameter: 'messages[2].reasoning_content'.", { code: "unknown_parameter" }],
  ])(
    "goes on where reasoning that one backend demanded is refused by the next: %s",
    async (message, more) => {
      chat.reset({ ...talks, chat: { reasoning: "required" } });
      const session = await started("chat");
      await session.run("one", never);
      expect(await session.run("two", never)).toEqual({ kind: "completed" });
      expect(messagesOf(-1).some((said) => "reasoning_content" in said)).toBe(true);
      const refusal = { kind: "status", status: 400, message, ...more, times: 1 } as const;
      chat.reset({ ...talks, fault: [refusal] });
      expect(await session.run("three", never)).toEqual({ kind: "completed" });
      expect(await session.run("four", never)).toEqual({ kind: "completed" });
      await session.close();
      expect(statuses(chat).filter((status) => status === 400)).toHaveLength(1);
      expect(messagesOf(-1).some((said) => "reasoning_content" in said)).toBe(false);
    },
  );
});
