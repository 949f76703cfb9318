import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { until } from "../../../test/kit/rig.ts";
import { scratch, shellCall, toolContext } from "../../../test/kit/tool-context.ts";
import { fateOf, identifyProcess } from "../../lib/process.ts";
import { spoolFiles } from "../spool.ts";
import { linesOf, run } from "../../../test/kit/shell-runs.ts";
import { readProcess, readStarted } from "./state.ts";
import { readAnswerHead } from "./answer.ts";
import { shellCommand } from "./shell-command.ts";

describe("a command's answer", () => {
  it("can be read back from its text", async () => {
    const { output, exitCode, durationMs } = await run(toolContext(), "exit 3");
    const head = readAnswerHead(output);
    expect(head).toMatchObject({ status: "failed", exitCode });
    expect(Math.abs((head?.durationMs ?? 0) - durationMs)).toBeLessThan(100);
    expect(readAnswerHead("Denied: no")).toBeUndefined();
  });

  it("has the exit code, the time and both streams in the order in which they came", async () => {
    const outcome = await run(toolContext(), "echo one; echo two >&2; echo three; exit 3");
    expect(outcome).toMatchObject({ status: "failed", exitCode: 3 });
    expect(outcome.output).toMatch(/^Exit code: 3\nWall time: [\d.]+ seconds\nOutput:\none\ntwo\nthree\n$/u);
  });

  it("has what the command writes to its own streams by their names", async () => {
    const command = "echo 1 > /dev/stdout; echo 2 > /dev/stderr; echo 3 | tee /dev/stderr; ls -A";
    const context = toolContext();
    const { output } = await shellCommand.run(shellCall(command), context);
    expect(output.split("Output:\n")[1]).toBe("1\n2\n3\n3\n");
    expect(readdirSync(context.spool)).not.toContain("pipe");
  });

  it("is ok when the command exits with 0, and shows its output while it runs", async () => {
    const seen: string[] = [];
    const base = toolContext();
    const onProgress = (text: string): void => {
      seen.push(text);
      writeFileSync(join(base.workspace, "go"), "");
    };
    const outcome = await run(
      { ...base, onProgress },
      "echo begun; while [ ! -e go ]; do sleep 0.02; done; echo done",
    );
    expect(outcome).toMatchObject({ status: "ok", exitCode: 0 });
    expect(seen[0]).toBe("begun\n");
    expect(seen.join("")).toBe("begun\ndone\n");
  });

  it("keeps head and tail of a long output, says how much is left out and where all of it is", async () => {
    const context = toolContext();
    const outcome = await run(
      context,
      "head -c 20000 /dev/zero | tr '\\0' a; seq 1 20000; head -c 17000 /dev/zero | tr '\\0' z",
    );
    const bytes = 20_000 + 108_894 + 17_000;
    const path = join(context.spool, "output");
    expect(outcome.output).toContain(
      `[… ${bytes - 32_768} of ${bytes} bytes left out; the output is kept in ${path} …]`,
    );
    expect(outcome.output.length).toBeLessThan(33_500);
    expect(outcome.output.endsWith("zzz")).toBe(true);
    expect(statSync(path).size).toBe(bytes);
  });

  it.skipIf(!existsSync("/dev/full"))(
    "is there when the disk was full as its process was to be noted, and the note of that had no room either",
    async () => {
      const context = toolContext();
      mkdirSync(join(context.spool, spoolFiles.command), { recursive: true });
      symlinkSync("/dev/full", join(context.spool, spoolFiles.log));
      expect(await run(context, "echo passed")).toMatchObject({ status: "ok", exitCode: 0 });
    },
  );

  it("never cuts a character in two where it leaves something out", async () => {
    const outcome = await run(
      toolContext(),
      "for i in $(seq 1 3000); do printf 'é€😀x'; done; printf 'y'; for i in $(seq 1 3000); do printf 'é€😀'; done",
    );
    expect(outcome.output).not.toContain("\uFFFD");
    expect(outcome.output).toContain("bytes left out");
  });

  it("holds what isn't text as replacement characters", async () => {
    const outcome = await run(toolContext(), "printf 'a\\0b\\377c'");
    expect(outcome.output.endsWith("a\uFFFDb\uFFFDc")).toBe(true);
  });

  it("says what is wrong with arguments that aren't as they should be, and starts nothing", async () => {
    for (const input of [
      "{not json",
      "{}",
      '{"command":5}',
      '{"command":"a\\u0000b"}',
      '{"command":"pwd","workdir":"missing"}',
    ]) {
      const context = toolContext();
      const outcome = await shellCommand.run({ call: "c", name: "shell_command", input }, context);
      expect(outcome.status).toBe("failed");
      expect(existsSync(context.spool)).toBe(false);
    }
  });

  it("tells of a command that is longer than the system takes", async () => {
    const outcome = await run(toolContext(), `: ${"x".repeat(200_000)}`);
    expect(outcome).toMatchObject({ status: "failed", exitCode: 127 });
    expect(outcome.output).toMatch(/could not be started: with 200002 bytes it is longer .* apply_patch/u);
  });
});

describe("a command that can't be started", () => {
  it("because its spool can't be written is answered so, and nothing runs", async () => {
    const context = toolContext();
    symlinkSync("/nowhere/at/all", dirname(context.spool));
    const outcome = await run(context, "touch evidence");
    expect(outcome.status).toBe("failed");
    expect(outcome.output).toContain("The command was not started: ");
    expect(existsSync(join(context.workspace, "evidence"))).toBe(false);
  });
});

describe("a command's folder", () => {
  it("is the workspace, or one inside it", async () => {
    const context = toolContext();
    mkdirSync(join(context.workspace, "inner"));
    expect((await run(context, "pwd -P")).output).toContain(`${context.workspace}\n`);
    const inner = { ...context, spool: `${context.spool}b` };
    expect((await run(inner, "pwd -P", { workdir: "inner" })).output).toContain(
      join(context.workspace, "inner"),
    );
  });

  it("is refused outside the workspace, symlinks included", async () => {
    const context = toolContext();
    const outside = scratch();
    symlinkSync(outside, join(context.workspace, "link"));
    for (const workdir of ["..", "/", outside, "link"]) {
      const outcome = await run(context, "touch evidence", { workdir });
      expect(outcome.output).toContain("outside the workspace");
      expect(existsSync(join(outside, "evidence"))).toBe(false);
    }
  });

  it.runIf(process.platform === "linux")(
    "is the folder that was looked at, and not one that the wrapper has by that name",
    async () => {
      const context = toolContext();
      const call = { workspace: process.cwd(), env: context.env };
      const { output } = await run({ ...context, ...call }, "pwd -P", { workdir: "/proc/self/cwd" });
      expect(output.split("Output:\n")[1]).toBe(`${process.cwd()}\n`);
    },
  );

  it("is asked about by where it leads, on one line", () => {
    const titleIn = (workdir?: string): string | undefined =>
      shellCommand.approval(shellCall("rm x", workdir === undefined ? {} : { workdir }), { workspace: "/w" })
        ?.title;
    expect(titleIn()).toBe("Run a command");
    expect(titleIn("it?\n  ls\n/..")).toBe("Run a command");
    expect(titleIn("a/../a/../src")).toBe("Run a command in src");
    expect(titleIn("/w/it?\n  ls")).toBe(String.raw`Run a command in it?\n  ls`);
    expect(titleIn("..")).toBe("Run a command in ..");
    const { workspace } = toolContext();
    mkdirSync(join(workspace, "src", "deep"), { recursive: true });
    symlinkSync("src/deep", join(workspace, "docs"));
    const link = join(scratch(), "link");
    symlinkSync(workspace, link);
    const ask = (workdir: string) =>
      shellCommand.approval(shellCall("rm x", { workdir }), { workspace })?.title;
    expect(ask("docs")).toBe("Run a command in src/deep");
    expect(ask(link)).toBe("Run a command");
  });
});

describe("a command is ended", () => {
  it("at its time limit, and what it printed is kept", async () => {
    const outcome = await run(toolContext(), "echo begun; sleep 60", { timeout_ms: 3_000 });
    expect(outcome).toMatchObject({ status: "failed", exitCode: 124 });
    expect(outcome.output).toContain("command timed out after 3000 milliseconds\nbegun\n");
    expect(outcome.durationMs).toBeLessThan(30_000);
  });

  it("for no time in which its wrapper couldn't run either, as when the machine sleeps", async () => {
    const context = toolContext();
    const running = run(context, "echo begun; sleep 8.5; echo done", { timeout_ms: 6_000 });
    await until(() => linesOf(join(context.spool, "output")) === 1, "the command begins");
    const wrapper = readStarted(context.spool)!.pid;
    process.kill(wrapper, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 6_200));
    process.kill(wrapper, "SIGCONT");
    expect(await running).toMatchObject({ status: "ok", exitCode: 0 });
  });

  it("by a cancel, with its whole process tree, those who ignore TERM included", async () => {
    const abort = new AbortController();
    const context = toolContext({ signal: abort.signal });
    const pids = join(context.workspace, "pids");
    const stubborn = `sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 0.1; done'`;
    const pending = run(context, `echo begun; ${stubborn} & sh -c 'echo $$ >> pids; sleep 60' & wait`);
    await until(() => linesOf(pids) === 2, "both grandchildren have started");
    const tree = readFileSync(pids, "utf8")
      .trim()
      .split("\n")
      .map((pid) => identifyProcess(Number(pid))!);
    expect(tree.map(fateOf)).toEqual(["alive", "alive"]);
    abort.abort();
    const outcome = await pending;
    expect(outcome.status).toBe("cancelled");
    expect(outcome.output).toContain("begun\n");
    await until(() => tree.every((process) => fateOf(process) === "dead"), "the tree is dead");
  });

  it("not at all when it was cancelled before it started", async () => {
    const context = toolContext({ signal: AbortSignal.abort() });
    expect(await run(context, "touch evidence")).toMatchObject({ status: "cancelled" });
    expect(existsSync(join(context.workspace, "evidence"))).toBe(false);
  });
});

describe("a background process", () => {
  it("that keeps the output open doesn't keep the call open", async () => {
    const began = performance.now();
    const outcome = await run(toolContext(), "sleep 60 & echo $! ; echo started");
    expect(outcome).toMatchObject({ status: "ok", exitCode: 0 });
    expect(outcome.output).toContain("started\n");
    expect(performance.now() - began).toBeLessThan(50_000);
    process.kill(Number(/\n(\d+)\n/u.exec(outcome.output)![1]), "SIGKILL");
  });
});

describe("a cancelled command that can't be ended, as under sudo,", () => {
  it("is told of as one that runs on, with what it had printed", async () => {
    const context = toolContext();
    const abort = new AbortController();
    const call = shellCall("echo printed; sleep 60");
    const running = shellCommand.run(call, { ...context, signal: abort.signal });
    await until(
      () => linesOf(join(context.spool, "output")) === 1 && readProcess(context.spool) !== undefined,
      "the command prints",
    );
    const [wrapper, command] = [readStarted(context.spool)!.pid, readProcess(context.spool)!.pid];
    // The wrapper has no right to signal it either; here it is kept from trying.
    process.kill(wrapper, "SIGSTOP");
    const kill = process.kill.bind(process);
    const refusing = vi.spyOn(process, "kill").mockImplementation((pid, signal) => {
      if (pid < 0) throw Object.assign(new Error("kill EPERM"), { code: "EPERM", syscall: "kill" });
      return kill(pid, signal);
    });
    try {
      abort.abort();
      const outcome = await running;
      expect(outcome.status).toBe("unknown");
      expect(outcome.output).toContain(
        `sudo) that keep it from being ended. Its process (pid ${command}) still runs`,
      );
      expect(outcome.output).toContain("printed\n");
    } finally {
      refusing.mockRestore();
      process.kill(-command, "SIGKILL");
    }
  });
});

describe("what a command leaves on disk", () => {
  it("is closed to others", async () => {
    const context = toolContext();
    await run(context, "echo secret");
    expect(statSync(context.spool).mode & 0o777).toBe(0o700);
    const modes = execFileSync("find", [context.spool, "-type", "f", "-perm", "/077"], { encoding: "utf8" });
    expect(modes).toBe("");
  });

  it("does not hold the environment, and Node's own variables reach the command and not the wrapper", async () => {
    const context = toolContext();
    const env = { ...context.env, NODE_OPTIONS: "--require /nowhere.cjs", MARKER: "marker-value" };
    const outcome = await run({ ...context, env }, 'echo "$NODE_OPTIONS"');
    expect(outcome.output).toContain("--require /nowhere.cjs\n");
    const found = execFileSync("sh", ["-c", `grep -rl marker-value ${context.spool} || true`], {
      encoding: "utf8",
    });
    expect(found).toBe("");
  });
});
