import { describe, expect, it } from "vitest";
import { contextWindow } from "./context-window.ts";

describe("the context window of a model", () => {
  it.each([
    ["gpt-5.2-codex", 272_000],
    ["gpt-4.1-mini", 1_047_576],
    ["openai/gpt-4o", 128_000],
    ["models/gemini-3-pro", 1_048_576],
    ["gpt-5.6-sol", 272_000],
    ["claude-sonnet-4-5-20250929", 200_000],
    ["claude-opus-4-6", 1_000_000],
    ["anthropic/claude-opus-4.6", 1_000_000],
    ["us.anthropic.claude-haiku-4-5-20251001-v1:0", 200_000],
    ["anthropic.claude-opus-5-5", 1_000_000],
    ["x-ai/grok-4.7", 500_000],
    ["grok-4-0709", 256_000],
    ["deepseek-ai/DeepSeek-V4-Pro", 1_048_576],
    ["z-ai/glm-5.1", 200_000],
    ["simulator", undefined],
  ])("of %s is %s", (model, tokens) => {
    expect(contextWindow(model)).toBe(tokens);
  });
});
