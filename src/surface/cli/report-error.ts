import type { Failure } from "../../failure.ts";
import { catalogue } from "../../failure/catalogue.ts";
import { printable } from "../../lib/printable.ts";
import { printJson } from "../json/print.ts";
import { failurePage } from "./failure-page.ts";
import { asFailure } from "./system-failure.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Tells why a command could not do its work: one line for what is known; a bug keeps its name and its way out, and never shows a stack trace.
 * Returns the exit status.
 */
export function reportError(error: unknown, terminal: Terminal, json: boolean): number {
  const failure = asFailure(error);
  const message =
    failure?.message ??
    `Throughline failed unexpectedly: ${error instanceof Error ? error.message : String(error)}. The session's log is kept as it was. To see where, set THROUGHLINE_DEBUG=1 and type the same again.`;
  if (json) {
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

/** A failure as every command prints it, with the page that explains its class; what was typed wrong needs none. */
export function failureLine({ class: failureClass, message }: Pick<Failure, "class" | "message">): string {
  return `${printable(message)}${failureClass === "usage" ? "" : ` ${failurePage(failureClass)}`}\n`;
}
