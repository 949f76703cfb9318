import type { Usage } from "./event.ts";

/** No tokens at all. */
export const noUsage: Usage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };

/** The sum of two counts. */
export function addUsage(left: Usage, right: Usage): Usage {
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    cachedInputTokens: left.cachedInputTokens + right.cachedInputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    reasoningTokens: left.reasoningTokens + right.reasoningTokens,
  };
}

/** What was used between two totals. */
export function usageSince(before: Usage, total: Usage): Usage {
  return {
    inputTokens: total.inputTokens - before.inputTokens,
    cachedInputTokens: total.cachedInputTokens - before.cachedInputTokens,
    outputTokens: total.outputTokens - before.outputTokens,
    reasoningTokens: total.reasoningTokens - before.reasoningTokens,
  };
}
