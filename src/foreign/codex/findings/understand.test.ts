import { expect, it } from "vitest";
import { understand } from "./understand.ts";

it.each([
  [
    "thread/resume failed: failed to load configuration: Model provider `grid` not found (code -32600)",
    /put \[model_providers\.NAME\] back/u,
  ],
  [
    "This chat uses model provider “mock”, which is no longer configured. Restore this provider’s configuration to continue. (code -32600)",
    /put \[model_providers\.NAME\] back/u,
  ],
  [
    "Cannot change this thread's model provider from `openai` to `throughline` on resume. (code -32600)",
    /-c model_provider=NAME resume/u,
  ],
])("what Codex says of a session's provider is no provider's refusal of a model: %s", (said, youCan) => {
  const understood = understand(said, 0);
  expect(understood.failure).toBeUndefined();
  expect(understood.kinds).toEqual([]);
  expect(understood.youCan).toMatch(youCan);
});
