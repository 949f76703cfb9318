import { onTestFinished } from "vitest";
import type { ImportPlan } from "../../src/foreign/codex/takeover/import-plan.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { memoryStore } from "../../src/store/memory/memory-store.ts";

/** What a rollout is taken over with: into a store in memory, which is closed when the test is over. */
export function importPlan(): ImportPlan {
  const store = memoryStore({ version: "1" });
  onTestFinished(() => store.close());
  return {
    store,
    clock: systemClock,
    issuer: (provider) => `codex:${provider}`,
    settings: ({ model = "m", effort }) => ({
      provider: "p",
      model,
      ...(effort !== undefined && { effort }),
      instructionsHash: "",
      approval: "ask",
    }),
    workspace: ({ cwd = "/w" }) => Promise.resolve({ path: cwd }),
  };
}
