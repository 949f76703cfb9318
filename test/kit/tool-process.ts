import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ToolCall, ToolContext, ToolOutcome } from "../../src/tool.ts";

const program = fileURLToPath(new URL("./run-tool.ts", import.meta.url));

/** Runs a call in a process of its own. `ended` gives the outcome, or the signal that killed the process. */
export function toolProcess(
  call: ToolCall,
  { spool, workspace }: Pick<ToolContext, "spool" | "workspace">,
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<ToolOutcome | { signal: string }> } {
  const child = spawn(
    process.execPath,
    ["--no-warnings", program, JSON.stringify({ call, spool, workspace })],
    {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  const ended = new Promise<ToolOutcome | { signal: string }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (signal !== null) resolve({ signal });
      else if (code === 0) resolve(JSON.parse(printed) as ToolOutcome);
      else reject(new Error(`the tool's process ended with ${code}`));
    });
  });
  return { child, ended };
}
