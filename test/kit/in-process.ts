// Commands of the program in this process: the same table, the same words, the same exit status, without 60 ms for a start.
import { join } from "node:path";
import { runProgram } from "../../src/surface/program/program.ts";
import { reportError } from "../../src/surface/program/report-error.ts";
import type { Terminal } from "../../src/surface/command/terminal.ts";

export interface Said {
  status: number;
  out: string;
  err: string;
}

/** Runs a command line as from a pipe: nobody can be asked, unless `ask` answers. */
export async function inProcess(
  home: string,
  folder: string,
  words: readonly string[],
  codexHome = join(home, "no-codex"),
  ask?: Terminal["ask"],
): Promise<Said> {
  let out = "";
  let err = "";
  const terminal: Terminal = {
    out: (text) => (out += text),
    err: (text) => (err += text),
    interactive: false,
    ...(ask && { ask }),
    colour: false,
    readInput: () => Promise.resolve(undefined),
  };
  const environment = { THROUGHLINE_HOME: home, THROUGHLINE_APPROVAL: "none", CODEX_HOME: codexHome };
  const { signal } = new AbortController();
  try {
    return { status: await runProgram(words, { terminal, environment, folder, signal }), out, err };
  } catch (error) {
    return { status: reportError(error, terminal, words), out, err };
  }
}
