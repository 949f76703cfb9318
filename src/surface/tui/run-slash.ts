import { isJsonObject, parseJson } from "../../lib/json.ts";
import type { Invocation } from "../command/command.ts";
import { commands } from "../command/commands.ts";
import type { Terminal } from "../command/terminal.ts";
import { hereIn } from "./next-steps.ts";
import type { CommandCall } from "./slash.ts";
import { troubleWords } from "./words.ts";

/** Where a command's output goes, and who answers its questions. What it has printed is told before it asks. */
export interface SlashWorld {
  tell(text: string, failed: boolean): void;
  ask: NonNullable<Terminal["ask"]>;
  /** The open session. */
  readonly session?: string;
}

/**
 * Runs a command as the command line would. Resolves to the session to go on with where the command leads to one. Never rejects: errors are
 * printed.
 */
export async function runSlashCommand(
  { command, words }: CommandCall,
  { environment, folder, options, run }: Invocation,
  { tell, ask, session: open }: SlashWorld,
  signal: AbortSignal,
): Promise<string | undefined> {
  let text = "";
  let json = "";
  const flush = (failed: boolean): void => {
    // A page that is written down is the session's own words.
    const said = open === undefined || command.name === "export" ? text : typedHere(text, open);
    if (said.trim() !== "") tell(said, failed);
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
  const here = open === undefined ? {} : { here: hereIn(open) };
  const world = { terminal, folder, signal, environment, ...here };
  let status = 1;
  try {
    status = await run([...place, ...words, ...(leads ? ["--json"] : [])], world);
  } catch (error) {
    text += `${troubleWords(error)}\n`;
  }
  flush(status !== 0);
  const parsed = parseJson(json);
  const session = isJsonObject(parsed) ? parsed["session"] : undefined;
  return typeof session === "string" ? session : undefined;
}

const ofTheOpenSession = commands.filter(({ slash }) => slash?.session !== undefined).map(({ name }) => name);

/** The text, of which the last line may end with a command for the open session, as it is typed here: after a slash, without the session. */
export function typedHere(text: string, session: string): string {
  const lines = text.trimEnd().split("\n");
  const command = new RegExp(
    String.raw`throughline (?:--home (?:'[^']*'|\S+) )?(${ofTheOpenSession.join("|")}) ${session}`,
    "u",
  );
  const last = (lines.pop() ?? "").replace(command, "/$1");
  return [...lines, last].join("\n");
}
