import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type * as ShellModule from "../src/tool/shell/shell-command.ts";
import { median, ms, ratio, times } from "./numbers.ts";
import { shipped } from "./shipped.ts";
import type { Bench, Row } from "./table.ts";

const { shellCommand } = await shipped<typeof ShellModule>("tool/shell/shell-command");

const command = "echo done";

/** A shell command under its wrapper, which outlives the agent, beside the same command as a plain child process. */
export async function tool({ scratch, quick }: Bench): Promise<Row[]> {
  const rounds = quick ? 5 : 21;
  const workspace = join(scratch, "workspace");
  mkdirSync(workspace, { recursive: true });
  const env = { PATH: process.env["PATH"] ?? "" };
  const ours: number[] = [];
  const plain: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const began = performance.now();
    const outcome = await shellCommand.run(
      { call: "call_1", name: "shell_command", input: JSON.stringify({ command }) },
      { spool: join(scratch, "spool", String(round)), workspace, signal: new AbortController().signal, env },
    );
    const between = performance.now();
    if (outcome.status !== "ok") throw new Error(outcome.output);
    await plainly(workspace, env);
    if (round < 0) continue;
    ours.push(between - began);
    plain.push(performance.now() - between);
  }
  return [
    {
      measure: `tool: shell_command "${command}", start to output`,
      ours: times(ours),
      beside: `${times(plain)} spawn`,
      ratio: `${ratio(median(ours), median(plain))} (+${ms(median(ours) - median(plain))})`,
    },
  ];
}

function plainly(cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", command], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.resume();
    child.stderr.resume();
    child.once("error", reject);
    child.once("close", () => resolve());
  });
}
