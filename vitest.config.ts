import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    pool: "forks",
    // Crash and race tests start processes of their own.
    maxWorkers: 2,
    // For what hangs: on a busy machine everything takes ten times as long, and none of it is a fault.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    globalSetup: ["test/kit/plain-environment.ts", "test/kit/temporary.ts"],
    reporters: ["default"],
  },
});
