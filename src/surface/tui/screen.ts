import type { ReactNode } from "react";
import type { Screen, Terminal } from "../cli/terminal.ts";

/**
 * Loads a module of components, and Ink and React with it, when a screen is opened and not before: no other command is to wait for them.
 * Ink reads the environment while it loads, and is to draw without styles where the person wants no colours; the tools that run later are
 * not to see what it is told, so it is put back.
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

/**
 * Draws what `make` gives until that calls `done`, and resolves to what it was called with; the keyboard is the screen's until then. Raw mode
 * is on while something reads keys (`useInput`), so Ctrl-C is a key and no signal. With `alternate` the screen as it was comes back at the end.
 * One at a time.
 */
export async function showScreen<T>(
  { input, output }: Screen,
  make: (done: (value: T) => void) => ReactNode,
  { alternate = false }: { alternate?: boolean } = {},
): Promise<T> {
  const { render } = await import("ink");
  const { promise, resolve } = Promise.withResolvers<T>();
  const shown = render(make(resolve), {
    stdin: input,
    stdout: output,
    exitOnCtrlC: false,
    patchConsole: false,
    // A person sits here, whatever the environment says of continuous integration.
    interactive: true,
    alternateScreen: alternate,
  });
  try {
    // A component that throws ends the screen: that is what the caller is to get.
    return await Promise.race([promise, shown.waitUntilExit().then(() => promise)]);
  } finally {
    shown.unmount();
    await shown.waitUntilExit();
  }
}
