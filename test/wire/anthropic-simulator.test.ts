// The Messages wire against the simulator in its place: what goes out is accepted, what comes back adds up, every fault has its class.
import { afterEach, describe, expect, it } from "vitest";
import { anthropicProvider } from "../../src/provider/anthropic/provider.ts";
import type { ModelRequest, ProviderEvent } from "../../src/provider.ts";
import {
  type FaultInput,
  startSimulator,
  type Simulator,
  type SimulatorOptions,
} from "../../src/simulator/server.ts";
import { failureOf, input, key, kinds, request } from "./ask.ts";

const running: Simulator[] = [];
afterEach(async () => {
  for (const simulator of running.splice(0)) await simulator.close();
});

async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ wire: "anthropic", ...options });
  running.push(simulator);
  return simulator;
}

const tools: ModelRequest["tools"] = [
  { type: "function", name: "shell_command", description: "runs", parameters: { type: "object" } },
  { type: "custom", name: "apply_patch", description: "patches" },
];

async function ask(
  simulator: Simulator,
  items: string[],
  change: Partial<ModelRequest> = {},
): Promise<ProviderEvent[]> {
  const provider = anthropicProvider({
    name: "test",
    baseUrl: simulator.url,
    apiKey: key,
    contract: "anthropic",
  });
  const asked = { ...request, model: "claude-sonnet-4-5", tools, input: input(...items), ...change };
  const events: ProviderEvent[] = [];
  for await (const event of provider.stream(asked, new AbortController().signal)) events.push(event);
  return events;
}

const prompt = (text: string): string => JSON.stringify({ type: "message", role: "user", content: text });
const itemsOf = (events: ProviderEvent[]): string[] =>
  events.flatMap((event) => (event.type === "item" ? [Buffer.from(event.item).toString()] : []));

/** Plays turns as an agent does: every call is answered, until the model calls no more. */
async function play(
  simulator: Simulator,
  history: string[],
  change: Partial<ModelRequest> = {},
): Promise<string[]> {
  for (let round = 0; round < 10; round++) {
    const events = await ask(simulator, history, change);
    expect(events.at(-1)).toMatchObject({ type: "completed" });
    const items = itemsOf(events);
    history.push(...items);
    const calls = items
      .map((item) => JSON.parse(item) as Record<string, string>)
      .filter(({ call_id }) => call_id);
    for (const { type, call_id } of calls)
      history.push(JSON.stringify({ type: `${type}_output`, call_id, output: "Exit code: 0" }));
    if (calls.length === 0) return history;
  }
  throw new Error("the model calls tools for ever");
}

describe("a conversation", () => {
  it.each([
    ["low", "claude-sonnet-4-5", true],
    ["high", "claude-opus-4-7", true],
    ["none", "claude-haiku-4-5", false],
    ["high", "claude-3-5-haiku-latest", false],
  ])(
    "with the effort %s on %s is accepted step by step, over several turns",
    async (effort, model, thinks) => {
      const simulator = await simulate();
      const history = await play(simulator, [prompt("run: ls\nrun: pwd")], { model, effort });
      history.push(prompt("patch: *** Begin Patch\n*** Add File: a\n+a\n*** End Patch"));
      await play(simulator, history, { model, effort });
      expect(simulator.requests.map(({ outcome }) => outcome)).toEqual(
        simulator.requests.map(() => "completed"),
      );
      expect(simulator.requests.every(({ session }) => session === "session-1")).toBe(true);
      expect(history.some((item) => item.includes("anthropic-thinking-v1"))).toBe(thinks);
      const custom = history.find((item) => item.includes('"custom_tool_call","call_id"'));
      expect(JSON.parse(custom ?? "{}")).toMatchObject({
        input: "*** Begin Patch\n*** Add File: a\n+a\n*** End Patch",
      });
    },
  );

  it("counts what stands in the cache as input that was cached", async () => {
    const simulator = await simulate();
    const long = prompt("x".repeat(8_000));
    await ask(simulator, [long]);
    const last = (await ask(simulator, [long])).at(-1);
    if (last?.type !== "completed") throw new Error("not completed");
    expect(last.usage.cachedInputTokens).toBeGreaterThan(1_000);
    expect(last.usage.inputTokens).toBeGreaterThan(last.usage.cachedInputTokens);
  });

  it("whose signatures another key made is refused with the first item that has one", async () => {
    const simulator = await simulate();
    const history = await play(simulator, [prompt("run: ls")]);
    simulator.rotateKey();
    expect(failureOf(await ask(simulator, [...history, prompt("more")]))).toMatchObject({
      class: "thinking-signature-rejected",
      data: { index: 1 },
    });
    const plain = history.filter((item) => !item.includes('"reasoning"'));
    expect(kinds(await ask(simulator, [...plain, prompt("more")])).at(-1)).toBe("completed");
  });

  it("whose thinking was changed in the open loop is refused as changed", async () => {
    const simulator = await simulate();
    const items = itemsOf(await ask(simulator, [prompt("run: ls")]));
    const changed = items[0]!.replace('"text":"', '"text":"Changed. ');
    const { call_id } = JSON.parse(items[1]!) as { call_id: string };
    const output = JSON.stringify({ type: "function_call_output", call_id, output: "ok" });
    const failure = failureOf(await ask(simulator, [prompt("run: ls"), changed, items[1]!, output]));
    expect(failure).toMatchObject({ class: "thinking-signature-rejected", data: { index: 1 } });
    expect(failure.message).toContain("cannot be modified");
  });
});

describe("a fault", () => {
  const faults: [FaultInput, string][] = [
    [{ kind: "usage-limit", resets_in: "3s" }, "usage-limit"],
    [{ kind: "rate-limit", retry_after: "7s" }, "rate-limit"],
    [{ kind: "rate-limit", as: "event" }, "rate-limit"],
    [{ kind: "quota" }, "billing"],
    [{ kind: "overloaded" }, "overloaded"],
    [{ kind: "overloaded", as: "event" }, "overloaded"],
    [{ kind: "context-overflow" }, "context-overflow"],
    [{ kind: "context-overflow", as: "failed" }, "context-overflow"],
    [{ kind: "status", status: 500 }, "overloaded"],
    [{ kind: "status", status: 529, message: "Overloaded" }, "overloaded"],
    [{ kind: "status", status: 401, message: "invalid x-api-key" }, "auth-denied"],
    [{ kind: "cut" }, "transport-interrupted"],
    [{ kind: "cut", after: "reasoning" }, "transport-interrupted"],
    [{ kind: "cut", after: "end", reset: true }, "transport-interrupted"],
    [{ kind: "garbage" }, "transport-interrupted"],
    [{ kind: "failed" }, "overloaded"],
    [{ kind: "incomplete" }, "output-limit"],
    [{ kind: "incomplete", reason: "content_filter" }, "refusal"],
    [{ kind: "error-event", code: "server_is_overloaded" }, "overloaded"],
  ];
  it.each(faults)("%o is %s", async (fault, expected) => {
    const simulator = await simulate({ scenario: { fault: [fault] } });
    expect(failureOf(await ask(simulator, [prompt("hello")])).class).toBe(expected);
  });

  it("of a plan's limit says when it ends", async () => {
    const simulator = await simulate({ scenario: { fault: [{ kind: "usage-limit", resets_in: "30s" }] } });
    const { data } = failureOf(await ask(simulator, [prompt("hello")])) as {
      data: { resetsAt?: number; window?: string };
    };
    expect(Math.abs((data.resetsAt ?? 0) - Date.now() - 30_000)).toBeLessThan(5_000);
    expect(data.window).toBe("5h");
  });

  it("of the context window is told with its size", async () => {
    const simulator = await simulate({ scenario: { limits: { context_tokens: 1_000 } } });
    const failure = failureOf(await ask(simulator, [prompt("x".repeat(8_000))]));
    expect(failure).toMatchObject({ class: "context-overflow", message: /> 1000 maximum/ as never });
  });
});
