import { isFailure } from "../failure.ts";
import { printable, printableLine } from "../lib/printable.ts";
import type { SessionStore } from "../store.ts";
import { homeFolder, openStore, readConfig, type Watching } from "./config.ts";
import type { Invocation } from "./command/command.ts";
import { findSession } from "./pick.ts";

/** Opens the store of the home that the command line names. Long waits in it are told, and end with Ctrl-C. */
export function storeFor(invocation: Invocation): { store: SessionStore; troubles: readonly string[] } {
  return openStore({ home: toldHome(invocation) }, watchingFor(invocation));
}

/** Opens that store for as long as `use` takes. */
export async function withStore<T>(
  invocation: Invocation,
  use: (store: SessionStore) => Promise<T>,
): Promise<T> {
  const { store } = storeFor(invocation);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** The same with the session that the first argument names. Throws as `findSession`. */
export function withSession<T>(
  invocation: Invocation,
  use: (store: SessionStore, id: string) => Promise<T>,
): Promise<T> {
  const { args, environment } = invocation;
  return withStore(invocation, async (store) =>
    use(store, await findSession(store, args[0] ?? "", environment)),
  );
}

/** The home, for commands that need nothing else of the configuration: a configuration that can't be used is told and stops nothing (R21). */
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

/** Tells the person what the store waits for, which can take half a minute. */
export function watchingFor(invocation: Pick<Invocation, "signal" | "terminal">): Watching {
  const { terminal } = invocation;
  return {
    // As it is when the wait begins: in the terminal interface it is that of what runs then.
    get signal() {
      return invocation.signal;
    },
    onWatch: (owner) => terminal.err(`· ${watchWords(owner)}\n`),
  };
}

/** Whom the store waits for. */
export const watchWords = ({ pid, host, doing }: Parameters<NonNullable<Watching["onWatch"]>>[0]): string =>
  `held by process ${pid} on ${printableLine(host, 80)} (${printableLine(doing, 80)}), out of sight from here; watching for 30 s whether it lives`;
