import { printable } from "../../lib/printable.ts";
import type { Outputs } from "../json/outputs.ts";
import { printJson, type Printed } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";

/** Prints what a command did: `answer<"name">(invocation, { … }, "session … is …")`. The words are for people, and such as `inHome` takes. */
export function answer<Name extends keyof Outputs>(
  invocation: Pick<Invocation, "options" | "terminal">,
  json: Printed<Name>,
  words: string,
): void {
  const { options, terminal } = invocation;
  if (options["json"] === true) printJson<Name>(terminal, json);
  else terminal.out(`${printable(inHome(invocation, words))}\n`);
}
