import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolEnvironment } from "../../src/tool/environment.ts";
import type { ToolCall, ToolContext } from "../../src/tool.ts";

/** An empty folder of its own, by its real path. */
export function scratch(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "throughline-tool-")));
}

/** A workspace and a spool for one call, in folders of their own. */
export function toolContext(over: Partial<ToolContext> = {}): ToolContext {
  const root = scratch();
  return {
    spool: join(root, "spool", "7"),
    workspace: scratch(),
    signal: new AbortController().signal,
    env: toolEnvironment(process.env),
    ...over,
  };
}

export function shellCall(command: string, more: { workdir?: string; timeout_ms?: number } = {}): ToolCall {
  return { call: "call_1", name: "shell_command", input: JSON.stringify({ command, ...more }) };
}

export function patchCall(input: string): ToolCall {
  return { call: "call_1", name: "apply_patch", input };
}
