import type { Terminal } from "../cli/terminal.ts";
import type { Outputs } from "./outputs.ts";

/**
 * Of what `--json` prints. Within a version members may be added; one that is renamed, removed or comes to mean something else makes a new
 * version.
 */
export const jsonVersion = 1;

/** What a command gives to `printJson`: all but the version. */
export type Printed<Name extends keyof Outputs> = WithoutSchema<Outputs[Name]>;
type WithoutSchema<Output> = Output extends unknown ? Omit<Output, "schema"> : never;

/** Prints what a command tells programs, on one line: `printJson<"name">(terminal, { … })`. `docs/json.md` has the shapes. */
export function printJson<Name extends keyof Outputs>(
  terminal: Pick<Terminal, "out">,
  value: Printed<Name>,
): void {
  terminal.out(`${JSON.stringify({ schema: jsonVersion, ...value })}\n`);
}
