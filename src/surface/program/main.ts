import { existsSync, realpathSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { Failure } from "../../failure.ts";
import { hasCode, systemWords } from "../../lib/system.ts";
import { inHome, optionsIn } from "../command/in-home.ts";
import { runProgram } from "./program.ts";
import { reportError } from "./report-error.ts";
import { processTerminal } from "../command/terminal.ts";
import { beforeText } from "./typed-words.ts";

/**
 * Runs one command line (without the program's name) and resolves to its exit status (cli.md). The first Ctrl-C cancels what runs, the
 * second quits at once.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const environment = process.env;
  const terminal = processTerminal(environment);
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    // A terminal that closes sends SIGHUP twice, from the kernel and from its shell: that is no person in a hurry.
    if (controller.signal.aborted && name !== "SIGHUP") process.exit(130);
    controller.abort(new Failure("cancelled", "Interrupted.", {}));
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, interrupt);
  // Where output can't be written (`| head`, a full disk, a closed terminal), the session still goes on to its end.
  let unwritten: Error | undefined;
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error) => (unwritten ??= hasCode(error, "EPIPE") ? undefined : error));
  try {
    const status = await runProgram(argv, {
      terminal,
      environment,
      folder: workingFolder(),
      signal: controller.signal,
    });
    // A failed write emits its error on a later tick.
    await setImmediate();
    if (!unwritten) return status;
    terminal.err(
      inHome(
        { options: optionsIn(beforeText(argv)) },
        `The output could not be written: ${systemWords(unwritten)}. What sessions hold is kept: throughline show --last\n`,
      ),
    );
    return status === 0 ? 1 : status;
  } catch (error) {
    return reportError(error, terminal, argv);
  } finally {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(name, interrupt);
  }
}

function workingFolder(): string {
  try {
    const folder = process.cwd();
    // A Mac takes one into a folder by any case of its name and may go on calling it so; sessions have the name on disk. What lies in a folder
    // that can't be looked into has none (`sudo -u` from one's own).
    return existsSync(folder) ? realpathSync.native(folder) : folder;
  } catch (error) {
    throw new Failure(
      "configuration",
      "The folder that you are in is gone. Go to one that exists (cd) and try again.",
      {},
      { cause: error },
    );
  }
}
