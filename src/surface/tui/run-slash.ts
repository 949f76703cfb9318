import { isJsonObject, parseJson } from "../../lib/json.ts";
import type { Invocation } from "../cli/command.ts";
import { runProgram } from "../cli/program.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { CommandCall } from "./slash.ts";
import { troubleWords } from "./words.ts";

/** Where a command's output goes, and who answers its questions. What it has printed is told before it asks. */
export interface SlashWorld {
  tell(text: string, failed: boolean): void;
  ask: NonNullable<Terminal["ask"]>;
}

/**
 * Runs a command as the command line would. Resolves to the session to go on with where the command leads to one. Never rejects: errors are
 * printed.
 */
export async function runSlashCommand(
  { command, words }: CommandCall,
  { environment, folder, options }: Invocation,
  { tell, ask }: SlashWorld,
  signal: AbortSignal,
): Promise<string | undefined> {
  let text = "";
  let json = "";
  const flush = (failed: boolean): void => {
    if (text.trim() !== "") tell(text, failed);
    text = "";
  };
  const leads = command.slash.leads === true;
  const terminal: Terminal = {
    out: (part) => void (leads ? (json += part) : (text += part)),
    err: (part) => void (text += part),
    interactive: false,
    colour: false,
    readInput: () => Promise.resolve(undefined),
    ask: (question, until) => {
      flush(false);
      return ask(question, until);
    },
  };
  const home = options["home"];
  const place = typeof home === "string" ? ["--home", home] : [];
  const world = { terminal, folder, signal, environment };
  let status = 1;
  try {
    status = await runProgram([...place, ...words, ...(leads ? ["--json"] : [])], world);
  } catch (error) {
    text += `${troubleWords(error)}\n`;
  }
  flush(status !== 0);
  const parsed = parseJson(json);
  const session = isJsonObject(parsed) ? parsed["session"] : undefined;
  return typeof session === "string" ? session : undefined;
}
