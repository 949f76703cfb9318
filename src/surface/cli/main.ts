import { setImmediate } from "node:timers/promises";
import { Failure, isFailure } from "../../failure.ts";
import { catalogue } from "../../failure/catalogue.ts";
import { printable } from "../../lib/printable.ts";
import { printJson } from "../json/print.ts";
import { failurePage } from "./failure-page.ts";
import { runProgram } from "./program.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/**
 * Runs one command line (without the program's name) and resolves to its exit status (cli.md). The first Ctrl-C cancels what runs, the
 * second quits at once.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const environment = process.env;
  const terminal = processTerminal(environment);
  const controller = new AbortController();
  let interrupts = 0;
  const interrupt = (): void => {
    if (++interrupts > 1) process.exit(130);
    controller.abort(new Failure("cancelled", "Interrupted.", {}));
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, interrupt);
  // A reader that goes away (`| head`), a full disk or a closed terminal ends the output, not the session.
  let unwritten: Error | undefined;
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error) => (unwritten ??= isClosedPipe(error) ? undefined : error));
  try {
    const status = await runProgram(argv, {
      terminal,
      environment,
      folder: workingFolder(),
      signal: controller.signal,
    });
    // A write that failed is told on a later tick.
    await setImmediate();
    if (!unwritten) return status;
    terminal.err(
      `The output could not be written: ${unwritten.message}. The session holds the answer; throughline sessions names it.\n`,
    );
    return status === 0 ? 1 : status;
  } catch (error) {
    return report(error, terminal, argv.includes("--json"));
  } finally {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, interrupt);
  }
}

function workingFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new Failure(
      "configuration",
      "The folder that you are in is gone. Go to one that exists (cd) and try again.",
      {},
      { cause: error },
    );
  }
}

/** One line for what is known; a bug keeps its name and its way out, and never shows a stack trace. */
function report(error: unknown, terminal: Terminal, json: boolean): number {
  const failure = isFailure(error) ? error : undefined;
  const message =
    failure?.message ??
    `Throughline failed unexpectedly: ${error instanceof Error ? error.message : String(error)}. The session's log is kept as it was.`;
  if (json) {
    const facts = failure && {
      class: failure.class,
      ...(Object.keys(failure.data).length > 0 && { data: { ...failure.data } }),
    };
    printJson<"error">(terminal, { type: "error", message, ...facts });
  }
  terminal.err(
    `${printable(message)}${failure && failure.class !== "usage" ? ` ${failurePage(failure.class)}` : ""}\n`,
  );
  if (!failure && process.env["THROUGHLINE_DEBUG"] && error instanceof Error)
    terminal.err(`${error.stack}\n`);
  return failure ? catalogue[failure.class].exit : 1;
}

function isClosedPipe(error: Error): boolean {
  return "code" in error && error.code === "EPIPE";
}
