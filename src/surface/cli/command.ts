import type { Terminal } from "./terminal.ts";

/** An option of a command: `flags` as commander takes them (`--since <age>`), always with what it is for. */
export interface OptionSpec {
  flags: string;
  help: string;
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
  /** Loads what the command needs, and only that: `sessions` is not to wait for the wire. */
  load(): Promise<RunCommand>;
}

/** Resolves to the exit status of cli.md. Failures are thrown. */
export type RunCommand = (invocation: Invocation) => Promise<number>;

export const jsonOption: OptionSpec = { flags: "--json", help: "print JSON (schema 1) instead of text" };
export const homeOption: OptionSpec = {
  flags: "--home <dir>",
  help: "where sessions live (default ~/.throughline, or THROUGHLINE_HOME)",
};

export function optionText(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name];
  return typeof value === "string" ? value : undefined;
}

/** The values of an option that may be repeated. */
export function optionList(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
