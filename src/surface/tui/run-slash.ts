import { isJsonObject, parseJson } from "../../lib/json.ts";
import type { Invocation } from "../cli/command.ts";
import { runProgram } from "../cli/program.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { SlashCall } from "./slash.ts";
import { troubleWords } from "./words.ts";

export interface Printed {
  text: string;
  failed: boolean;
  /** The session to go on with, for a command that leads to one. */
  leadsTo?: string;
}

/** Runs a command as the command line does, and resolves to what it printed. Never throws: what went wrong is printed too. */
export async function runSlashCommand(
  { command, words }: Extract<SlashCall, { kind: "command" }>,
  { environment, folder, options }: Invocation,
  ask: NonNullable<Terminal["ask"]>,
  signal: AbortSignal,
): Promise<Printed> {
  let text = "";
  let json = "";
  const leads = command.slash.leads === true;
  const terminal: Terminal = {
    out: (part) => void (leads ? (json += part) : (text += part)),
    err: (part) => void (text += part),
    interactive: false,
    colour: false,
    readInput: () => Promise.resolve(undefined),
    ask,
  };
  const home = options["home"];
  const world = {
    terminal,
    folder,
    signal,
    environment: typeof home === "string" ? { ...environment, THROUGHLINE_HOME: home } : environment,
  };
  let status = 1;
  try {
    // Behind two dashes all is text: the option stands before.
    status = await runProgram(leads ? [...words, "--json"] : words, world);
  } catch (error) {
    text += `${troubleWords(error)}\n`;
  }
  const parsed = parseJson(json);
  const session = isJsonObject(parsed) ? parsed["session"] : undefined;
  return {
    text,
    failed: status !== 0,
    ...(typeof session === "string" && { leadsTo: session }),
  };
}
