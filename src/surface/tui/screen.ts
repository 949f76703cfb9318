import type { ReactNode } from "react";
import type { Screen, Terminal } from "../command/terminal.ts";

/**
 * Loads a module of components together with Ink and React. That happens only when a screen is opened, so that no other command waits for
 * them. Ink decides about colours while it loads, by FORCE_COLOR; the variable is put back afterwards, so that tools which run later don't
 * inherit it.
 */
export async function loadScreen<T>({ colour }: Terminal, load: () => Promise<T>): Promise<T> {
  const { env } = process;
  const before = env["FORCE_COLOR"];
  if (!colour) env["FORCE_COLOR"] = "0";
  try {
    const [module] = await Promise.all([load(), import("ink")]);
    return module;
  } finally {
    if (before === undefined) delete env["FORCE_COLOR"];
    else env["FORCE_COLOR"] = before;
  }
}

/** What a screen shows. */
export interface Drawing {
  readonly element: ReactNode;
  /** Calls `done`: the program is to end. */
  leave(): void;
}

interface Showing {
  /** When it is aborted, the screen is left. */
  readonly signal: AbortSignal;
  /** On the terminal's alternate screen, which leaves the other one as it was. */
  readonly alternate?: boolean;
}

/**
 * Draws what `make` returns until `done` is called, and resolves to the value it was called with. The screen has the keyboard until then;
 * while something reads keys (`useInput`) the terminal is in raw mode, so that Ctrl-C arrives as a key. Only one screen can be shown at a
 * time.
 */
export async function showScreen<T>(
  { input, output }: Screen,
  make: (done: (value: T) => void) => Drawing,
  { signal, alternate = false }: Showing,
): Promise<T> {
  const { render } = await import("ink");
  const { promise, resolve } = Promise.withResolvers<T>();
  const { element, leave } = make(resolve);
  if (signal.aborted) {
    leave();
    return promise;
  }
  signal.addEventListener("abort", leave, { once: true });
  const shown = render(element, {
    stdin: input,
    stdout: output,
    exitOnCtrlC: false,
    patchConsole: false,
    // Ink would draw only the last frame where the environment looks like continuous integration.
    interactive: true,
    alternateScreen: alternate,
  });
  try {
    // When a component throws, `waitUntilExit` rejects with its error.
    return await Promise.race([promise, shown.waitUntilExit().then(() => promise)]);
  } finally {
    signal.removeEventListener("abort", leave);
    shown.unmount();
    await shown.waitUntilExit();
  }
}
