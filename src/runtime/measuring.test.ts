import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import type { ModelRequest, Provider, ProviderEvent } from "../provider.ts";
import type { SessionUpdate } from "../turn/update.ts";
import { measuredProvider } from "./measured-provider.ts";
import { measuring } from "./measuring.ts";
import type { Meter } from "./meter.ts";

interface Point {
  attributes: Record<string, unknown>;
  /** The sum of a counter; of a histogram the sum of what was recorded. */
  value: number;
  count: number;
}

function measured(): { meter: Meter; points(name: string): Promise<Point[]> } {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  return {
    meter: provider.getMeter("throughline"),
    points: async (name) => {
      exporter.reset();
      await provider.forceFlush();
      const metrics = exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
      const points: readonly { attributes: Record<string, unknown>; value: unknown }[] = metrics
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(
          ({ dataPoints }): readonly { attributes: Record<string, unknown>; value: unknown }[] => dataPoints,
        );
      return points.map(({ attributes, value }) => {
        if (typeof value === "number") return { attributes, value, count: 1 };
        const { sum = 0, count } = value as { sum?: number; count: number };
        return { attributes, value: sum, count };
      });
    },
  };
}

const usage = { inputTokens: 900, cachedInputTokens: 600, outputTokens: 80, reasoningTokens: 30 };
const never = new AbortController().signal;
const request = { model: "gpt-5.5" } as ModelRequest;

function says(...events: ProviderEvent[]): Provider {
  return {
    name: "mine",
    contract: "openai",
    issuer: "i",
    async *stream() {
      yield* events;
    },
  };
}

async function drain(provider: Provider, most = Number.POSITIVE_INFINITY): Promise<ProviderEvent[]> {
  const events: ProviderEvent[] = [];
  for await (const event of provider.stream(request, never)) if (events.push(event) >= most) break;
  return events;
}

describe("a measured provider", () => {
  const asked = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5.5",
  };

  it("tells everything on, and records duration, first word and tokens under the conventions' names", async () => {
    const { meter, points } = measured();
    const events: ProviderEvent[] = [
      { type: "opened" },
      { type: "text-delta", text: "a" },
      { type: "completed", model: "gpt-5.5-2026", usage },
    ];
    expect(await drain(measuredProvider(says(...events), meter))).toEqual(events);
    const answered = { ...asked, "gen_ai.response.model": "gpt-5.5-2026" };
    expect(await points("gen_ai.client.operation.duration")).toMatchObject([
      { attributes: answered, count: 1 },
    ]);
    expect(await points("gen_ai.client.operation.time_to_first_chunk")).toMatchObject([
      { attributes: asked, count: 1 },
    ]);
    expect(await points("gen_ai.client.token.usage")).toMatchObject([
      { attributes: { ...answered, "gen_ai.token.type": "input" }, value: 900 },
      { attributes: { ...answered, "gen_ai.token.type": "output" }, value: 80 },
    ]);
    expect(await points("throughline.tokens")).toMatchObject([
      { attributes: { "throughline.token.part": "cached-input" }, value: 600 },
      { attributes: { "throughline.token.part": "reasoning-output" }, value: 30 },
    ]);
  });

  it("names the class of failure that ended a request, and one that nobody read to its end", async () => {
    const { meter, points } = measured();
    const failure = new Failure("overloaded", "busy", {});
    await drain(measuredProvider(says({ type: "failed", failure }), meter));
    await drain(
      measuredProvider(says({ type: "text-delta", text: "a" }, { type: "text-delta", text: "b" }), meter),
      1,
    );
    const types = (await points("gen_ai.client.operation.duration")).map(
      ({ attributes }) => attributes["error.type"],
    );
    expect(types.sort()).toEqual(["abandoned", "overloaded"]);
    expect(await points("gen_ai.client.operation.time_to_first_chunk")).toHaveLength(1);
    expect(await points("gen_ai.client.token.usage")).toEqual([]);
  });

  it("goes by the configuration's name where the conventions have none", async () => {
    const { meter, points } = measured();
    await drain(measuredProvider({ ...says({ type: "completed", usage }), contract: "proxy" }, meter));
    const [point] = await points("gen_ai.client.operation.duration");
    expect(point?.attributes["gen_ai.provider.name"]).toBe("mine");
  });
});

describe("a measured session", () => {
  const failure = new Failure("rate-limit", "slow", {});
  const attempt = (step: number, number = 1): SessionUpdate => ({
    type: "attempt-started",
    turn: 1,
    step,
    attempt: number,
  });
  const updates: SessionUpdate[] = [
    { type: "turn-started", turn: 1 },
    attempt(1),
    { type: "repaired", class: "sealed-reasoning-rejected", notice: "n", rung: 1, count: 34 },
    attempt(1, 2),
    { type: "tool-started", callSeq: 4, name: "shell_command", input: "ls" },
    attempt(2),
    { type: "attempt-failed", failure, action: "retry", delayMs: 1, notice: "n" },
    attempt(2, 2),
    { type: "turn-ended", outcome: { kind: "completed" }, usage },
    { type: "follow-up-delivered", id: "f", mode: "followup", text: "t" },
    { type: "turn-started", turn: 2 },
    attempt(3),
    { type: "waiting", until: Date.now() + 60_000, notice: "n" },
    { type: "session-rotated", from: "a", to: "b", notice: "n" },
    { type: "turn-ended", outcome: { kind: "limited", class: "usage-limit", message: "m" }, usage },
  ];

  it("counts turns, attempts, repairs by class, waits and the requests of each turn, and tells everything on", async () => {
    const { meter, points } = measured();
    const told: SessionUpdate[] = [];
    const observe = measuring(meter, (update) => told.push(update));
    for (const update of updates) observe(update);
    expect(told).toEqual(updates);
    expect(await points("throughline.turns")).toMatchObject([
      { attributes: { "throughline.turn.outcome": "completed" }, value: 1 },
      { attributes: { "throughline.turn.outcome": "limited", "error.type": "usage-limit" }, value: 1 },
    ]);
    expect(await points("throughline.attempts")).toMatchObject([
      { attributes: { "throughline.attempt.retry": false }, value: 3 },
      { attributes: { "throughline.attempt.retry": true }, value: 2 },
    ]);
    expect(await points("throughline.attempt.failures")).toMatchObject([
      { attributes: { "error.type": "rate-limit", "throughline.action": "retry" }, value: 1 },
    ]);
    const about = { "error.type": "sealed-reasoning-rejected", "throughline.repair.rung": 1 };
    expect(await points("throughline.repairs")).toEqual([{ attributes: about, value: 1, count: 1 }]);
    expect(await points("throughline.repair.items")).toEqual([{ attributes: about, value: 34, count: 1 }]);
    expect(await points("gen_ai.invoke_agent.inference_calls")).toMatchObject([{ value: 5, count: 2 }]);
    expect(await points("gen_ai.invoke_agent.tool_calls")).toMatchObject([{ value: 1, count: 2 }]);
    expect(await points("throughline.waits")).toMatchObject([{ value: 1 }]);
    const [wait] = await points("throughline.wait.duration");
    expect(wait?.value).toBeGreaterThan(55);
    expect(await points("throughline.rotations")).toMatchObject([{ value: 1 }]);
    expect(await points("throughline.follow_ups")).toMatchObject([{ value: 1 }]);
  });
});
