import { Failure } from "../../failure.ts";
import { longestText } from "../../session/follow-up.ts";
import type { Invocation } from "./command.ts";

/**
 * A prompt from the command line, or from standard input for `-`; nothing when it is blank, because blank text is refused by providers.
 * Throws `usage` for one that is longer than they take: logged, it would be refused in every turn.
 */
export async function readPrompt(
  { terminal }: Invocation,
  given: string | undefined,
): Promise<string | undefined> {
  const text = given === "-" ? (await terminal.readInput())?.trimEnd() : given;
  if (text === undefined || text.trim() === "") return undefined;
  if (text.length <= longestText) return text;
  throw new Failure(
    "usage",
    `The prompt has ${text.length} characters, and providers take at most ${longestText}. Put it into a file of the workspace and name the file.`,
    {},
  );
}
