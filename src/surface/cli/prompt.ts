import { Failure } from "../../failure.ts";
import { longestText } from "../../session/follow-up.ts";
import type { Invocation } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/**
 * A prompt from the command line, or from standard input for `-`; nothing when it is blank, because blank text is refused by providers.
 * Throws `usage` for one that is longer than they take: logged, it would be refused in every turn.
 */
export async function readPrompt(
  { terminal, signal }: Invocation,
  given: string | undefined,
): Promise<string | undefined> {
  const text = given === "-" ? (await input(terminal, signal))?.trimEnd() : given;
  if (text === undefined || text.trim() === "") return undefined;
  if (text.length <= longestText) return text;
  throw new Failure(
    "usage",
    `The prompt has ${text.length} characters, and providers take at most ${longestText}. Put it into a file of the workspace and name the file.`,
    {},
  );
}

async function input(terminal: Terminal, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await terminal.readInput(signal);
  } catch (error) {
    // A stream that is aborted says so in its own words.
    signal.throwIfAborted();
    throw error;
  }
}
