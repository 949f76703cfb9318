import { printableLine } from "../../lib/printable.ts";
import type { SessionStore } from "../../store.ts";

import { openStore, readConfig, type Watching } from "../config.ts";
import type { Invocation } from "./command.ts";

/** The store of the home that a command line means. Waits in it end with Ctrl-C and are told. */
export function storeFor(invocation: Invocation): { store: SessionStore; troubles: readonly string[] } {
  const { options, environment, folder } = invocation;
  return openStore(readConfig(options, environment, folder), watchingFor(invocation));
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
