import { describe, expect, it } from "vitest";
import type { ToolState } from "../tool.ts";
import { callLabel, settleCall } from "./ledger.ts";

const call = { call: "c", name: "shell_command", input: '{"command":"npm test"}' };
const settle = (state: ToolState, replay: "safe" | "never" = "never", intended = true) =>
  settleCall({ call, intended, tool: { replay }, state }, 100_000);

describe("an open call of a session that is taken over", () => {
  it("is run when nothing of it was started, its intent logged or not", () => {
    const expected = { settlement: "run", notice: "`npm test` was not started; it is run now" };
    expect(settle({ state: "not-started" })).toEqual(expected);
    expect(settle({ state: "not-started" }, "never", false)).toEqual(expected);
  });

  it("is attached again when it still runs", () => {
    expect(settle({ state: "running", pid: 4711, since: 60_000 })).toEqual({
      settlement: "attach",
      notice: "attached again to `npm test` (pid 4711), running for 40 s",
    });
  });

  it("is collected when it ended", () => {
    expect(settle({ state: "finished" }).settlement).toBe("collect");
  });

  it("is completed when it was accepted and is half done", () => {
    const { settlement, notice } = settle({ state: "resumable", what: "a patch of 2 files" });
    expect(settlement).toBe("complete");
    expect(notice).toContain("a patch of 2 files is completed");
  });

  it("is never repeated when its outcome is unknown", () => {
    const { settlement, notice } = settle({
      state: "unknown",
      why: "the machine or the wrapper died while this command ran",
    });
    expect(settlement).toBe("unknown");
    expect(notice).toContain("the machine or the wrapper died");
  });

  it("is run again when its tool only reads", () => {
    expect(settle({ state: "not-started" }, "safe").settlement).toBe("rerun");
    expect(settle({ state: "not-started" }, "safe", false).settlement).toBe("run");
  });

  it("is answered when its tool is gone", () => {
    expect(
      settleCall({ call, intended: true, tool: undefined, state: { state: "not-started" } }, 0).settlement,
    ).toBe("answer");
  });
});

describe("the words for a call", () => {
  it("are its command or its tool's name, on one line and with control characters to be seen", () => {
    expect(callLabel({ name: "shell_command", input: '{"command":"a\\n  b\\u001b[2J"}' })).toBe(
      "`a b\\x1b[2J`",
    );
    expect(callLabel({ name: "shell_command", input: "not json" })).toBe("`not json`");
    expect(callLabel({ name: "apply_patch", input: "x" })).toBe("`apply_patch`");
  });
});
