import type { Terminal } from "./terminal.ts";

/** An option of a command: `flags` as commander takes them (`--since <age>`), always with what it is for. */
export interface OptionSpec {
  flags: string;
  help: string;
  /** Those that it takes, for completion. */
  values?: readonly string[];
}

/** What a command gets: parsed words and the world it may touch. Nothing else reads `process`. */
export interface Invocation {
  args: readonly string[];
  /** Commander's names: `--stream-idle` is `streamIdle`. An option that may be repeated (`--upstream <url...>`) is a list. */
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  terminal: Terminal;
  environment: Readonly<Record<string, string | undefined>>;
  folder: string;
  /** Aborts at the first Ctrl-C (or TERM, or HUP). */
  signal: AbortSignal;
}

/** How a command is called in the terminal interface, where a session is open already. */
export interface Slash {
  /** Words after the slash: `name`, `resume purge`. */
  name: string;
  /** How the open session stands before the words: always, or only where no session is named. Absent: it doesn't. */
  session?: "always" | "unless-named";
  /** Its words are one text, and need no quotes. */
  text?: true;
  /** It works in the session itself, which has to be at rest, and is given back meanwhile. */
  alone?: true;
  /** Its result (`session` of its JSON) is the session to go on with. */
  leads?: true;
}

/** One row of the table that makes the command line, the slash commands and the help. */
export interface Command {
  /** Words after `throughline`: `exec`, `exec resume`. */
  name: string;
  /** Commander's argument syntax: `[session] [prompt]`. */
  arguments?: string;
  summary: string;
  /** A command line that works as it stands, for the help. */
  example: string;
  options: readonly OptionSpec[];
  /** Absent where it prints JSON when `--json` asks for it. */
  json?: false;
  slash?: Slash;
  /** Loads what the command needs, and only that: `sessions` is not to wait for the wire. */
  load(): Promise<RunCommand>;
}

/** Resolves to the exit status of cli.md. Failures are thrown. */
export type RunCommand = (invocation: Invocation) => Promise<number>;

/** A command of the terminal interface alone. */
export interface InterfaceCommand {
  /** The word after the slash. */
  name: "help" | "model" | "new" | "quit" | "resume" | "steer" | "wait";
  /** Another word for it, that people bring from elsewhere. */
  alias?: string;
  arguments?: string;
  summary: string;
  options?: readonly OptionSpec[];
}

export const jsonOption: OptionSpec = { flags: "--json", help: "print JSON (schema 1) instead of text" };
export const homeOption: OptionSpec = {
  flags: "--home <dir>",
  help: "where sessions live (default ~/.throughline, or THROUGHLINE_HOME)",
};

export function optionText(invocation: Pick<Invocation, "options">, name: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === "string" ? value : undefined;
}

/** The values of an option that may be repeated. */
export function optionList(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
