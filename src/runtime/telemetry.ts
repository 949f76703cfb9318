import type { Provider, ProviderEvent } from "../provider.ts";
import type { Observe, SessionUpdate } from "../turn/update.ts";

/** What is used of a meter of `@opentelemetry/api` (1.9 or newer), so that this package doesn't need it: `metrics.getMeter("throughline")`. */
export interface Meter {
  createCounter(
    name: string,
    options?: InstrumentOptions,
  ): { add(value: number, attributes?: Attributes): void };
  createHistogram(
    name: string,
    options?: InstrumentOptions,
  ): { record(value: number, attributes?: Attributes): void };
}

interface InstrumentOptions {
  description?: string;
  unit?: string;
  advice?: { explicitBucketBoundaries?: number[] };
}

type Attributes = Record<string, string | number | boolean>;

// As the conventions ask for them: durations in seconds, tokens, calls.
const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const tokens = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];
const calls = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144];
const waits = [1, 10, 60, 600, 3_600, 18_000, 86_400, 604_800];

/** The conventions' names of who answers, by replay contract; a backend that they don't name goes by the name in the configuration. */
const providerNames: Readonly<Record<string, string>> = {
  openai: "openai",
  "openai-stored": "openai",
  codex: "openai",
  azure: "azure.ai.openai",
  xai: "x_ai",
  anthropic: "anthropic",
  deepseek: "deepseek",
  gemini: "gcp.gemini",
};

/**
 * A provider whose requests are measured, each one that is sent: how long it took, until its first word too, what it cost, and the class of
 * failure that ended it (`error.type`). Names and attributes are those of the GenAI semantic conventions
 * (opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics, in development, read 2026-11); tokens that they have no name for are counted
 * under `throughline.tokens`.
 */
export function measuredProvider(provider: Provider, meter: Meter): Provider {
  const duration = meter.createHistogram("gen_ai.client.operation.duration", {
    description: "GenAI operation duration.",
    unit: "s",
    advice: { explicitBucketBoundaries: seconds },
  });
  const firstChunk = meter.createHistogram("gen_ai.client.operation.time_to_first_chunk", {
    description: "Time until the first chunk of an answer.",
    unit: "s",
    advice: { explicitBucketBoundaries: seconds },
  });
  const usage = meter.createHistogram("gen_ai.client.token.usage", {
    description: "Number of input and output tokens used.",
    unit: "{token}",
    advice: { explicitBucketBoundaries: tokens },
  });
  const parts = meter.createCounter("throughline.tokens", {
    description:
      "Tokens that are part of those that a request used: input from the cache, output that is reasoning.",
    unit: "{token}",
  });
  return {
    name: provider.name,
    contract: provider.contract,
    issuer: provider.issuer,
    async *stream(request, signal): AsyncGenerator<ProviderEvent> {
      const began = performance.now();
      const since = (): number => (performance.now() - began) / 1_000;
      const asked: Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": providerNames[provider.contract] ?? provider.name,
        "gen_ai.request.model": request.model,
      };
      let isFirst = true;
      let end: Attributes = { ...asked, "error.type": "abandoned" };
      try {
        for await (const event of provider.stream(request, signal)) {
          if (isFirst && event.type !== "opened" && event.type !== "silent" && event.type !== "failed") {
            isFirst = false;
            firstChunk.record(since(), asked);
          }
          if (event.type === "failed") end = { ...asked, "error.type": event.failure.class };
          if (event.type === "completed") {
            end = { ...asked, ...(event.model !== undefined && { "gen_ai.response.model": event.model }) };
            const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = event.usage;
            usage.record(inputTokens, { ...end, "gen_ai.token.type": "input" });
            usage.record(outputTokens, { ...end, "gen_ai.token.type": "output" });
            parts.add(cachedInputTokens, { ...end, "throughline.token.part": "cached-input" });
            parts.add(reasoningTokens, { ...end, "throughline.token.part": "reasoning-output" });
          }
          yield event;
        }
      } finally {
        duration.record(since(), end);
      }
    },
  };
}

/**
 * Counts what a session does as it tells it, and tells it on to `observe`: turns by how they ended, attempts, repairs by the class of failure
 * that made them necessary, waits, rotations, follow-ups; and for each turn its requests and tool calls.
 */
export function measuring(meter: Meter, observe: Observe): Observe {
  const counter = (name: string, description: string, unit: string): ReturnType<Meter["createCounter"]> =>
    meter.createCounter(name, { description, unit });
  const turns = counter("throughline.turns", "Turns that ended, by their outcome.", "{turn}");
  const attempts = counter("throughline.attempts", "Attempts of steps that were begun.", "{attempt}");
  const failures = counter(
    "throughline.attempt.failures",
    "Attempts that failed and were not repaired, by class and by what was done about them.",
    "{attempt}",
  );
  const repairs = counter("throughline.repairs", "Repairs, by the class of failure.", "{repair}");
  const items = counter("throughline.repair.items", "Items that a repair is about.", "{item}");
  const rotations = counter("throughline.rotations", "Sessions that went on in a successor.", "{session}");
  const followUps = counter("throughline.follow_ups", "Follow-ups that were delivered.", "{follow_up}");
  const pauses = counter("throughline.waits", "Waits for a limit to end.", "{wait}");
  const paused = meter.createHistogram("throughline.wait.duration", {
    description: "How long a limit was to be waited for when the wait began.",
    unit: "s",
    advice: { explicitBucketBoundaries: waits },
  });
  const requests = meter.createHistogram("gen_ai.invoke_agent.inference_calls", {
    description: "Requests of a turn, failed ones included.",
    unit: "{call}",
    advice: { explicitBucketBoundaries: calls },
  });
  const tools = meter.createHistogram("gen_ai.invoke_agent.tool_calls", {
    description: "Tool calls of a turn.",
    unit: "{call}",
    advice: { explicitBucketBoundaries: calls },
  });
  const agent: Attributes = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "throughline" };
  let asked = 0;
  let called = 0;

  const count = (update: SessionUpdate): void => {
    switch (update.type) {
      case "turn-started":
        [asked, called] = [0, 0];
        break;
      case "attempt-started":
        asked++;
        attempts.add(1, { "throughline.attempt.retry": update.attempt > 1 });
        break;
      case "tool-started":
        called++;
        break;
      case "attempt-failed": {
        const { failure, action } = update;
        failures.add(1, { "error.type": failure.class, "throughline.action": action });
        break;
      }
      case "repaired": {
        const about = { "error.type": update.class, "throughline.repair.rung": update.rung };
        repairs.add(1, about);
        items.add(update.count, about);
        break;
      }
      case "session-rotated":
        rotations.add(1);
        break;
      case "follow-up-delivered":
        followUps.add(1, { "throughline.follow_up.mode": update.mode });
        break;
      case "waiting":
        pauses.add(1);
        paused.record(Math.max(0, update.until - Date.now()) / 1_000);
        break;
      case "turn-ended": {
        const { outcome } = update;
        turns.add(1, {
          "throughline.turn.outcome": outcome.kind,
          ...("class" in outcome && { "error.type": outcome.class }),
        });
        requests.record(asked, agent);
        tools.record(called, agent);
        break;
      }
    }
  };
  return (update) => {
    count(update);
    observe(update);
  };
}
