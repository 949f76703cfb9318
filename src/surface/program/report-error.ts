import { catalogue } from "../../failure/catalogue.ts";
import { printable } from "../../lib/printable.ts";
import { printJson } from "../json/print.ts";
import { bugWords, failureLine } from "../command/failure-words.ts";
import { asFailure } from "../command/system-failure.ts";
import type { Terminal } from "../command/terminal.ts";
import { beforeText } from "./typed-words.ts";

/**
 * Reports why a command line (without the program's name) failed, and returns the exit status. A `Failure` is one line. Anything else is a
 * bug: told with its message and how to see more, and with a stack trace only where THROUGHLINE_DEBUG asks for it.
 */
export function reportError(error: unknown, terminal: Terminal, argv: readonly string[]): number {
  const failure = asFailure(error);
  const message =
    failure?.message ?? `${bugWords(error)} To see where, set THROUGHLINE_DEBUG=1 and type the same again.`;
  if (beforeText(argv).includes("--json")) {
    const facts = failure && {
      class: failure.class,
      ...(Object.keys(failure.data).length > 0 && { data: { ...failure.data } }),
    };
    printJson<"error">(terminal, { type: "error", message, ...facts });
  }
  terminal.err(failure ? failureLine(failure) : `${printable(message)}\n`);
  if (!failure && process.env["THROUGHLINE_DEBUG"] && error instanceof Error)
    terminal.err(`${error.stack}\n`);
  return failure ? catalogue[failure.class].exit : 1;
}
