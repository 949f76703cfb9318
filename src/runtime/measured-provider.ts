import type { Provider, ProviderEvent } from "../provider.ts";
import { type Attributes, histogram, type Meter } from "./meter.ts";

// As the conventions ask for them: durations in seconds, and tokens.
const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const tokens = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];

/** The conventions' `gen_ai.provider.name` by replay contract; backends that they don't name keep their name in the configuration. */
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
  const duration = histogram(meter, "gen_ai.client.operation.duration", {
    description: "GenAI operation duration.",
    unit: "s",
    ends: seconds,
  });
  const firstChunk = histogram(meter, "gen_ai.client.operation.time_to_first_chunk", {
    description: "Time until the first chunk of an answer.",
    unit: "s",
    ends: seconds,
  });
  const usage = histogram(meter, "gen_ai.client.token.usage", {
    description: "Number of input and output tokens used.",
    unit: "{token}",
    ends: tokens,
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
    takesSealed: (settings) => provider.takesSealed?.(settings) ?? true,
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
