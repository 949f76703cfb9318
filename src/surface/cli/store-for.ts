import { isFailure } from "../../failure.ts";
import { printable, printableLine } from "../../lib/printable.ts";
import type { SessionStore } from "../../store.ts";

import { homeFolder, openStore, readConfig, type Watching } from "../config.ts";
import type { Invocation } from "./command.ts";

/** The store of the home that a command line means. Waits in it end with Ctrl-C and are told. */
export function storeFor(invocation: Invocation): { store: SessionStore; troubles: readonly string[] } {
  return openStore({ home: toldHome(invocation) }, watchingFor(invocation));
}

/** The home, for what needs nothing else of the configuration: one that can't be used is told then, and stops nothing (R21). */
export function toldHome({ options, environment, folder, terminal }: Invocation): string {
  const home = homeFolder(options, environment);
  try {
    readConfig(options, environment, folder);
  } catch (error) {
    if (!isFailure(error)) throw error;
    terminal.err(
      `! the settings can't be used, and what needs none of them goes on: ${printable(error.message)}\n`,
    );
  }
  return home;
}

/** Half a minute in which nothing happens has to be explained. */
export function watchingFor({ signal, terminal }: Pick<Invocation, "signal" | "terminal">): Watching {
  return {
    signal,
    onWatch: ({ pid, host, doing }) =>
      terminal.err(
        `· held by process ${pid} on ${printableLine(host, 80)} (${printableLine(doing, 80)}), out of sight from here; watching for 30 s whether it lives\n`,
      ),
  };
}
