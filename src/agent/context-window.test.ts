import { describe, expect, it } from "vitest";
import { contextWindow } from "./context-window.ts";

describe("the context window of a model", () => {
  it.each([
    ["gpt-5.2-codex", 272_000],
    ["gpt-4.1-mini", 1_047_576],
    ["openai/gpt-4o", 128_000],
    ["models/gemini-3-pro", 1_048_576],
    ["simulator", undefined],
  ])("of %s is %s", (model, tokens) => {
    expect(contextWindow(model)).toBe(tokens);
  });
});
