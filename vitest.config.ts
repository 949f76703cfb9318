import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    pool: "forks",
    // Crash and race tests start processes of their own.
    maxWorkers: 2,
    testTimeout: 30_000,
    // The default of one second is not enough for a tool to start on a busy machine.
    expect: { poll: { timeout: 10_000 } },
    globalSetup: ["test/kit/temporary.ts"],
    reporters: ["default"],
  },
});
