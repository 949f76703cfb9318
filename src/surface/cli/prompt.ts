import { Failure } from "../../failure.ts";
import { longestText } from "../../session/follow-up.ts";
import type { Invocation } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The prompt from the command line, or from standard input for `-`. `undefined` when it is blank, since providers refuse blank text. Throws
 * `usage` when it is longer than providers take: once in the log, it would be refused in every turn.
 */
export async function readPrompt(
  { terminal, signal }: Invocation,
  given: string | undefined,
): Promise<string | undefined> {
  const text = given === "-" ? await input(terminal, signal) : given;
  if (text === undefined || text.trim() === "") return undefined;
  if (text.length <= longestText) return given === "-" ? text.trimEnd() : text;
  throw new Failure(
    "usage",
    `The prompt has more than ${longestText} characters, which is the most that providers take. Put it into a file of the workspace and name the file.`,
    {},
  );
}

async function input(terminal: Terminal, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await terminal.readInput(signal, longestText);
  } catch (error) {
    // Of an aborted stream, the signal's own reason is thrown instead of the stream's error.
    signal.throwIfAborted();
    throw error;
  }
}
