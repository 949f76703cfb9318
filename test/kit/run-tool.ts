// A process that runs one tool call and prints its outcome: `node run-tool.ts <json>`, to be killed by tests.
import { applyPatch } from "../../src/tool/apply-patch/apply-patch.ts";
import { toolEnvironment } from "../../src/tool/environment.ts";
import { shellCommand } from "../../src/tool/shell/shell-command.ts";
import type { ToolCall } from "../../src/tool.ts";

const { call, spool, workspace } = JSON.parse(process.argv[2]!) as {
  call: ToolCall;
  spool: string;
  workspace: string;
};
const tool = call.name === "apply_patch" ? applyPatch : shellCommand;
const env = toolEnvironment(process.env);
const outcome = await tool.run(call, { spool, workspace, env, signal: new AbortController().signal });
console.log(JSON.stringify(outcome));
