// Runs of `shell_command` in this process.
import { existsSync, readFileSync } from "node:fs";
import { shellCommand } from "../../src/tool/shell/shell-command.ts";
import type { ToolContext, ToolOutcome } from "../../src/tool.ts";
import { shellCall } from "./tool-context.ts";

export const run = (context: ToolContext, ...call: Parameters<typeof shellCall>): Promise<ToolOutcome> =>
  shellCommand.run(shellCall(...call), context);

/** How many lines a file has; none where there is no file. */
export const linesOf = (path: string): number =>
  existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
