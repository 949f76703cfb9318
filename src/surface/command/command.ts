import type { Here } from "./go-on.ts";
import type { Terminal } from "./terminal.ts";

/** An option of a command: `flags` in commander's syntax (`--since <age>`), and its help. */
export interface OptionSpec {
  flags: string;
  help: string;
  /** The values that it takes, for completion. */
  values?: readonly string[];
  /** Several of them may be given, with commas between them. */
  several?: true;
}

/** Everything that a command gets: parsed arguments, and the parts of the process that it may use. Commands don't read `process` themselves. */
export interface Invocation {
  args: readonly string[];
  /** By commander's names: `--from-step` is `fromStep`. An option that may be repeated (`--upstream <url...>`) is a list. */
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  terminal: Terminal;
  environment: Readonly<Record<string, string | undefined>>;
  folder: string;
  /** Aborts at the first Ctrl-C (or TERM, or HUP). */
  signal: AbortSignal;
  /** Where it was typed in an interface that has a session open. */
  here?: Here;
  /** Runs another command line: a slash command is one. Resolves to its exit status; failures are thrown. */
  run(argv: readonly string[], world: World): Promise<number>;
}

/** The parts of the process that a command line runs with. */
export type World = Pick<Invocation, "terminal" | "environment" | "folder" | "signal" | "here">;

/** A command's form in the terminal interface, where a session is open already. */
export interface Slash {
  /** Words after the slash: `name`, `resume purge`. */
  name: string;
  /** Whether the open session is the command's first argument: always, or only where none is named. Absent: never. */
  session?: "always" | "unless-named";
  /** What follows is one text and needs no quotes. */
  text?: true;
  /** It writes to the session, so no turn may run in it meanwhile. */
  alone?: true;
  /** It leads to another session (`session` in its JSON), which is then opened. */
  leads?: true;
}

/** One row of the table from which the command line, the slash commands and the help are made. */
export interface Command {
  /** Words after `throughline`: `exec`, `exec resume`. */
  name: string;
  /** Commander's argument syntax: `[session] [prompt]`. */
  arguments?: string;
  summary: string;
  /** A command line that works as it stands, for the help. */
  example: string;
  options: readonly OptionSpec[];
  /** `false` where the command has no `--json`. */
  json?: false;
  slash?: Slash;
}

/** Resolves to the exit status of cli.md. Failures are thrown. */
export type RunCommand = (invocation: Invocation) => Promise<number>;

/** A slash command that exists only in the terminal interface. */
export interface InterfaceCommand {
  /** The word after the slash. */
  name: "help" | "model" | "new" | "quit" | "resume" | "steer" | "wait";
  /** Another name, that people know from other tools. */
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

/** The long name of an option: `--from-step` of `--from-step <n>` and of `-f, --from-step <n>`. */
export const longFlag = ({ flags }: OptionSpec): string => /--[\w-]+/u.exec(flags)?.[0] ?? flags;

/** The value of an option that takes one; `undefined` where it isn't given. */
export function optionText(invocation: Pick<Invocation, "options">, name: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === "string" ? value : undefined;
}

/** The values of an option that may be repeated; none where it isn't given. */
export function optionList(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
