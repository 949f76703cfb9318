import type { Terminal } from "./terminal.ts";

/** An option of a command: `flags` as commander takes them (`--since <age>`), always with what it is for. */
export interface OptionSpec {
  flags: string;
  help: string;
}

/** What a command gets: parsed words and the world it may touch. Nothing else reads `process`. */
export interface Invocation {
  args: readonly string[];
  /** Commander's names: `--stream-idle` is `streamIdle`. */
  options: Readonly<Record<string, string | boolean | undefined>>;
  terminal: Terminal;
  environment: Readonly<Record<string, string | undefined>>;
  folder: string;
  /** Aborts at the first Ctrl-C (or TERM, or HUP). */
  signal: AbortSignal;
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
  /** Resolves to the exit status of cli.md. Failures are thrown. */
  run(invocation: Invocation): Promise<number>;
}

export const jsonOption: OptionSpec = { flags: "--json", help: "print JSON (schema 1) instead of text" };
export const homeOption: OptionSpec = {
  flags: "--home <dir>",
  help: "where sessions live (default ~/.throughline, or THROUGHLINE_HOME)",
};

/** The options of every command that runs a turn. */
export const turnOptions: readonly OptionSpec[] = [
  { flags: "--provider <name>", help: "openai, simulator, or one of config.toml" },
  { flags: "-m, --model <model>", help: "the model to ask" },
  { flags: "--effort <effort>", help: "reasoning effort: minimal, low, medium, high, xhigh" },
  {
    flags: "--approval <policy>",
    help: "who allows commands and patches: ask (needs a terminal), all, none",
  },
  { flags: "--wait", help: "when a usage limit stops the turn, wait for the reset and go on, once" },
  { flags: "--scenario <file>", help: "with --provider simulator: what the simulated model does" },
];

export function optionText(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === "string" ? value : undefined;
}
