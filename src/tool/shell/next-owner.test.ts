import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../../../test/kit/rig.ts";
import { shellCall, toolContext } from "../../../test/kit/tool-context.ts";
import { toolProcess } from "../../../test/kit/tool-process.ts";
import { fateOf, identifyProcess } from "../../lib/process.ts";
import { linesOf, run } from "../../../test/kit/shell-runs.ts";
import { readProcess, readStarted } from "./state.ts";
import { shellCommand } from "./shell-command.ts";

describe("after the agent was killed", () => {
  it("its command goes on, and the next owner collects its output; it ran once", async () => {
    const context = toolContext();
    const call = shellCall(
      "echo ran >> count; echo begun; while [ ! -e go ]; do sleep 0.02; done; echo done",
    );
    const first = toolProcess(call, context);
    const count = join(context.workspace, "count");
    await until(() => linesOf(count) === 1, "the command runs");
    first.child.kill("SIGKILL");
    expect(await first.ended).toEqual({ signal: "SIGKILL" });

    expect(await shellCommand.inspect(context)).toMatchObject({ state: "running" });
    const second = shellCommand.run(call, context);
    writeFileSync(join(context.workspace, "go"), "");
    const outcome = await second;
    expect(outcome).toMatchObject({ status: "ok", exitCode: 0 });
    expect(outcome.output).toContain("begun\ndone\n");
    expect(await shellCommand.inspect(context)).toMatchObject({ state: "finished" });
    expect(await shellCommand.run(call, context)).toEqual(outcome);
    expect(linesOf(count)).toBe(1);
  });

  it("right after it started the wrapper, the command has run or runs once, never twice", async () => {
    for (const pause of [0, 30, 120]) {
      const context = toolContext();
      const call = shellCall("echo ran >> count; echo out");
      const first = toolProcess(call, context, { THROUGHLINE_CRASH_AT: "tool-spawned" });
      expect(await first.ended).toEqual({ signal: "SIGKILL" });
      await new Promise((resolve) => setTimeout(resolve, pause));
      expect((await shellCommand.run(call, context)).output).toContain("Output:\nout\n");
      expect(linesOf(join(context.workspace, "count"))).toBe(1);
    }
  });

  it("a cancel by the next owner reaches a command that it did not start", async () => {
    const context = toolContext();
    const call = shellCall("echo printed; echo begun > begun; sleep 60");
    const first = toolProcess(call, context);
    await until(() => existsSync(join(context.workspace, "begun")), "the command runs");
    first.child.kill("SIGKILL");
    await first.ended;
    const abort = new AbortController();
    const second = shellCommand.run(call, { ...context, signal: abort.signal });
    abort.abort();
    const outcome = await second;
    expect(outcome).toMatchObject({ status: "cancelled" });
    expect(outcome.output).toContain("printed\n");
  });
});

describe("two owners of one call", () => {
  it("get the same outcome of one command", async () => {
    const context = toolContext();
    const call = shellCall("echo ran >> count; sleep 0.2; echo out");
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => shellCommand.run(call, context)));
    expect(new Set(outcomes.map((outcome) => outcome.output)).size).toBe(1);
    expect(outcomes[0]!.output).toContain("Output:\nout\n");
    expect(linesOf(join(context.workspace, "count"))).toBe(1);
  });
});

describe("when the wrapper was killed", () => {
  it("the outcome is unknown: what was printed is kept, nothing is run again, and a command that still runs is named", async () => {
    const context = toolContext();
    const call = shellCall("echo ran >> count; echo printed; exec sleep 60");
    const pending = shellCommand.run(call, context);
    await until(
      () =>
        existsSync(join(context.spool, "command.json")) && linesOf(join(context.workspace, "count")) === 1,
      "it runs",
    );
    await until(() => statSync(join(context.spool, "output")).size > 0, "it printed");
    process.kill(readStarted(context.spool)!.pid, "SIGKILL");
    const outcome = await pending;
    const command = readProcess(context.spool)!;
    expect(outcome.status).toBe("unknown");
    expect(outcome.output).toMatch(
      /^outcome unknown; verify before repeating: the machine or the wrapper died/u,
    );
    expect(outcome.output).toContain(`(pid ${command.pid}) still runs`);
    expect(outcome.output).toContain("printed\n");
    process.kill(-command.pid, "SIGKILL");
    await until(() => fateOf(command) === "dead", "the command is dead");
    expect(await shellCommand.inspect(context)).toMatchObject({ state: "unknown" });
    expect((await shellCommand.run(call, context)).output).not.toContain("still runs");
    expect(linesOf(join(context.workspace, "count"))).toBe(1);
  });

  it("a spool from another boot, another machine or a damaged one is unknown and not run again", async () => {
    const started = { ...identifyProcess()!, at: Date.now() };
    for (const claim of [
      { ...started, boot: "earlier" },
      { ...started, machine: "other" },
      { ...started, pidNamespace: "pid:[1]" },
    ]) {
      const context = toolContext();
      mkdirSync(context.spool, { recursive: true });
      writeFileSync(join(context.spool, "started.json"), JSON.stringify(claim));
      expect((await run(context, "touch evidence")).status).toBe("unknown");
      expect(existsSync(join(context.workspace, "evidence"))).toBe(false);
    }
    const breaks = [
      (path: string) => writeFileSync(path, ""),
      (path: string) => mkdirSync(path),
      (path: string) => symlinkSync(path, path),
    ];
    for (const damage of breaks) {
      const context = toolContext();
      mkdirSync(context.spool, { recursive: true });
      damage(join(context.spool, "started.json"));
      expect(await shellCommand.inspect(context)).toMatchObject({ state: "unknown" });
      expect((await run(context, "touch evidence")).status).toBe("unknown");
      expect(existsSync(join(context.workspace, "evidence"))).toBe(false);
    }
  });

  it.each(["started.json", "exit.json"])(
    "an object in %s that is no such record is unknown",
    async (name) => {
      const context = toolContext();
      mkdirSync(context.spool, { recursive: true });
      writeFileSync(join(context.spool, name), "{}");
      const why = `${join(context.spool, name)} is damaged`;
      expect(await shellCommand.inspect(context)).toEqual({ state: "unknown", why });
      const { output, status } = await run(context, "touch evidence");
      expect(status).toBe("unknown");
      expect(output).toContain(`outcome unknown; verify before repeating: ${why}.`);
      expect(existsSync(join(context.workspace, "evidence"))).toBe(false);
    },
  );
});
