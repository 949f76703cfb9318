import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fateOf, groupRuns, identifyProcess } from "./process.ts";

describe("a process's identity", () => {
  it("names this process, alive", () => {
    const self = identifyProcess()!;
    expect(self.pid).toBe(process.pid);
    expect(fateOf(self)).toBe("alive");
  });

  it("is dead once the process has ended, and for another process with the same pid", async () => {
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const identity = identifyProcess(child.pid)!;
    expect(fateOf(identity)).toBe("alive");
    expect(fateOf({ ...identity, started: "1" })).toBe("dead");
    // Nobody may be sent a signal for having its pid.
    expect(fateOf({ ...identity, started: "" })).toBe("out-of-sight");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(fateOf(identity)).toBe("dead");
    expect(identifyProcess(child.pid)).toBeUndefined();
  });

  it("is dead after a reboot, and out of sight in another container or on another machine", () => {
    const self = identifyProcess()!;
    expect(fateOf({ ...self, boot: "earlier" })).toBe("dead");
    expect(fateOf({ ...self, pidNamespace: "pid:[1]" })).toBe("out-of-sight");
    expect(fateOf({ ...self, machine: "other", boot: "other" })).toBe("out-of-sight");
  });

  it.each([
    ["looks like the fields that follow it", "x) Z 1 1"],
    ["has a line break", "x\ny"],
  ])("is not fooled by a program whose name %s", async (_what, name) => {
    const program = join(mkdtempSync(join(tmpdir(), "throughline-process-")), name);
    symlinkSync("/bin/sleep", program);
    const child = spawn(program, ["60"]);
    await once(child, "spawn");
    expect(fateOf(identifyProcess(child.pid)!)).toBe("alive");
    child.kill("SIGKILL");
    await once(child, "exit");
  });
});

describe("a process group", () => {
  it("runs as long as one of its processes does", async () => {
    const child = spawn("sh", ["-c", "sleep 60 & exit 0"], { detached: true, stdio: "ignore" });
    await once(child, "exit");
    const group = child.pid!;
    expect(groupRuns(group)).toBe(true);
    process.kill(-group, "SIGKILL");
    for (let tries = 0; tries < 500 && groupRuns(group); tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(groupRuns(group)).toBe(false);
  });
});
