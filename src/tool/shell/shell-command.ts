import type { ChildProcess } from "node:child_process";
import { isSystemError, messageOf } from "../../lib/system.ts";
import { crashPoint } from "../../lib/fault.ts";
import { visible } from "../../lib/printable.ts";
import type { Tool, ToolCall, ToolContext, ToolOutcome } from "../../tool.ts";
import { makeSpool, replaceJson, spoolFiles } from "../spool.ts";
import { exitOutcome, unknownOutcome } from "./answer.ts";
import { commandOf, defaultTimeout, folderOf, longestTimeout, readArguments } from "./arguments.ts";
import { follow } from "./follow.ts";
import { commandState } from "./state.ts";
import { startWrapper } from "./wrapper-process.ts";

/**
 * Runs a shell command under a wrapper process that survives this one: its traces in the spool tell the next owner whether it was not
 * started, still runs, or ended, and with what (R26).
 */
export const shellCommand: Tool = {
  definition: {
    type: "function",
    name: "shell_command",
    description:
      "Runs a shell command (bash, or sh where there is none; not a login shell) and returns its exit code and its output, standard output and " +
      "error together. Standard input is empty. Long output is cut in the middle; the answer names the file with all of it. Background " +
      "processes must redirect their output to a file.",
    parameters: {
      type: "object",
      properties: {
        command: { type: "string", description: "The command, as it would be typed into a shell." },
        workdir: {
          type: "string",
          description:
            "The folder to run it in, inside the workspace: absolute, or relative to it. Default: the workspace.",
        },
        timeout_ms: {
          type: "number",
          description: `Milliseconds after which it is ended. Default ${defaultTimeout}, at most ${longestTimeout}.`,
        },
      },
      required: ["command"],
      additionalProperties: false,
    },
    strict: false,
  },
  replay: "never",

  approval(call, { workspace }) {
    const folder = folderOf(call.input, workspace);
    const title = folder === "" ? "Run a command" : `Run a command in ${oneLine(visible(folder))}`;
    return { title, detail: visible(commandOf(call.input)) };
  },

  inspect({ spool }) {
    return Promise.resolve(commandState(spool));
  },

  async run(call, context) {
    const state = commandState(context.spool);
    switch (state.state) {
      case "finished":
        return exitOutcome(context.spool, state.exit);
      case "unknown":
        return unknownOutcome(context.spool, state.why);
      case "not-started":
        return start(call, context);
      default:
        return follow(context);
    }
  },
};

/** A folder's name may hold lines that look like another question. */
const oneLine = (text: string): string => text.replaceAll("\n", "\\n");

async function start(call: ToolCall, context: ToolContext): Promise<ToolOutcome> {
  const read = readArguments(call.input, context.workspace);
  if (!read.ok) return { output: read.why, status: "failed", durationMs: 0 };
  if (context.signal.aborted)
    return { output: "Not started: cancelled.", status: "cancelled", durationMs: 0 };
  let wrapper: ChildProcess;
  try {
    makeSpool(context.spool);
    replaceJson(context.spool, spoolFiles.call, read.record);
    wrapper = startWrapper(context.spool, context.env);
  } catch (error) {
    // Nothing was started: the disk is full, the folder can't be written, or there are no more processes. The model may try again.
    if (!isSystemError(error)) throw error;
    const output = `The command was not started: ${messageOf(error)}.`;
    return { output, status: "failed", durationMs: 0 };
  }
  crashPoint("tool-spawned");
  return follow(context, wrapper);
}
