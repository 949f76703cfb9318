import type { JsonObject } from "../lib/json.ts";
import type { ScriptedCall } from "./scenario.ts";

/** A call as the model makes it: of a function with JSON arguments, or of a custom tool with raw text. */
export interface ModelCall {
  readonly type: "function_call" | "custom_tool_call";
  readonly name: string;
  readonly input: string;
}

/** A scripted call put to the tools that the request offers, or `undefined` when none of them can do it. */
export function offeredCall(call: ScriptedCall, tools: readonly JsonObject[]): ModelCall | undefined {
  const offered = new Map(tools.map((tool) => [tool["name"], tool["type"]]));
  if (call.shell !== undefined) return shellCall(call.shell, call, offered);
  if (call.patch !== undefined) return patchCall(call.patch, offered);
  if (call.tool === undefined || !offered.has(call.tool)) return undefined;
  if (offered.get(call.tool) === "custom") return custom(call.tool, call.input ?? "");
  return {
    type: "function_call",
    name: call.tool,
    input: call.input ?? JSON.stringify(call.arguments ?? {}),
  };
}

/**
 * The names under which agents offer a shell, with the arguments that each takes (Throughline, Codex 0.20 to 0.169, pi, opencode, Qwen
 * Code, Cline; 2026-11).
 */
const shells: Readonly<Record<string, (command: string, call: ScriptedCall) => JsonObject>> = {
  shell_command: (command, { workdir, timeout_ms }) => ({ command, workdir, timeout_ms }),
  exec_command: (cmd, { workdir, timeout_ms }) => ({ cmd, workdir, yield_time_ms: timeout_ms }),
  shell: (command, { workdir, timeout_ms }) => ({ command: ["bash", "-lc", command], workdir, timeout_ms }),
  bash: (command, { timeout_ms }) => ({ command, timeout: timeout_ms, description: "Run a command" }),
  run_shell_command: (command, { workdir }) => ({ command, directory: workdir, is_background: false }),
  execute_command: (command) => ({ command, requires_approval: false }),
  // Cline 3.0.
  run_commands: (command) => ({ commands: [command] }),
};

function shellCall(
  command: string,
  call: ScriptedCall,
  offered: ReadonlyMap<unknown, unknown>,
): ModelCall | undefined {
  for (const [name, input] of Object.entries(shells)) {
    if (offered.has(name) && offered.get(name) !== "custom") {
      return { type: "function_call", name, input: JSON.stringify(input(command, call)) };
    }
  }
  return undefined;
}

function patchCall(patch: string, offered: ReadonlyMap<unknown, unknown>): ModelCall | undefined {
  const kind = offered.get("apply_patch");
  if (kind === "custom") return custom("apply_patch", patch);
  if (kind === "function")
    return { type: "function_call", name: "apply_patch", input: JSON.stringify({ input: patch }) };
  // A client without the tool: older Codex took patches through the shell.
  return shellCall(`apply_patch <<'PATCH'\n${patch}\nPATCH`, { shell: patch }, offered);
}

function custom(name: string, input: string): ModelCall {
  return { type: "custom_tool_call", name, input };
}
