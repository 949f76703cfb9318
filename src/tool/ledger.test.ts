import { describe, expect, it } from "vitest";
import type { ToolState } from "../tool.ts";
import { callLabel, settlementNotice } from "./ledger.ts";

const call = { call: "c", name: "shell_command", input: '{"command":"npm test"}' };
const notice = (state: ToolState, replay: "safe" | "never" = "never", intended = true) =>
  settlementNotice({ call, intended, tool: { replay }, state }, 100_000);

describe("of an open call of a session that is taken over the person is told that it", () => {
  it("is run when nothing of it was started, its intent logged or not", () => {
    const expected = "`npm test` was not started; it is run now";
    expect(notice({ state: "not-started" })).toBe(expected);
    expect(notice({ state: "not-started" }, "never", false)).toBe(expected);
  });

  it("is attached again when it still runs", () => {
    expect(notice({ state: "running", pid: 4711, since: 60_000 })).toBe(
      "attached again to `npm test` (pid 4711), running for 40 s",
    );
  });

  it("is collected when it ended", () => {
    expect(notice({ state: "finished" })).toContain("its output is collected, it is not run again");
  });

  it("is completed when it was accepted and is half done", () => {
    expect(notice({ state: "resumable", what: "a patch of 2 files" })).toContain(
      "a patch of 2 files is completed",
    );
  });

  it("is never repeated when its outcome is unknown", () => {
    expect(notice({ state: "unknown", why: "the machine died while this command ran" })).toContain(
      "is unknown (the machine died while this command ran); it is not repeated",
    );
  });

  it("is run again when its tool only reads", () => {
    expect(notice({ state: "not-started" }, "safe")).toContain("it only reads and is run again");
    expect(notice({ state: "not-started" }, "safe", false)).toContain("was not started; it is run now");
  });

  it("is answered when its tool is gone", () => {
    const entry = { call, intended: true, tool: undefined, state: { state: "not-started" } } as const;
    expect(settlementNotice(entry, 0)).toContain("there is no such tool now");
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
