import { quoted } from "../../lib/words.ts";
import { type Invocation, optionText } from "./command.ts";

/** The command that removes the same once more, in the same home, and nothing beside it; `what` unless it is for `delete` or `purge`. */
export function sameAgain(
  invocation: Pick<Invocation, "args" | "options">,
  what: string = removalOf(invocation),
): string {
  const relatives = invocation.options["withRelatives"] === true ? " --with-relatives" : "";
  return `throughline ${what}${relatives}${given(invocation, "--home", "home")}`;
}

function removalOf(invocation: Pick<Invocation, "args" | "options">): string {
  const { args, options } = invocation;
  if (args.length > 0) return `delete ${args.map(quoted).join(" ")}`;
  const all = options["all"] === true ? " --all" : "";
  return `purge${all}${given(invocation, "--older-than", "olderThan")} --yes`;
}

function given(invocation: Pick<Invocation, "options">, flag: string, name: string): string {
  const value = optionText(invocation, name);
  return value === undefined ? "" : ` ${flag} ${quoted(value)}`;
}
