import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    pool: "forks",
    // Crash and race tests start processes of their own; and they wait, so that one processor is not too few for two.
    maxWorkers: Math.min(8, Math.max(2, availableParallelism())),
    // For what hangs: on a busy machine everything takes ten times as long, and none of it is a fault.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    globalSetup: ["test/kit/plain-environment.ts", "test/kit/temporary.ts"],
    reporters: ["default"],
  },
});
