import { quoted } from "../../lib/words.ts";
import { type Invocation, optionText } from "../command/command.ts";
import { inHome } from "../command/in-home.ts";

/** The command that repeats this removal in the same home, and removes nothing else. `what`: its words, other than for `delete` and `purge`. */
export function sameAgain(
  invocation: Pick<Invocation, "args" | "options">,
  what: string = removalOf(invocation),
): string {
  const relatives = invocation.options["withRelatives"] === true ? " --with-relatives" : "";
  return inHome(invocation, `throughline ${what}${relatives}`);
}

function removalOf(invocation: Pick<Invocation, "args" | "options">): string {
  const { args, options } = invocation;
  if (args.length > 0) return `delete ${args.map(quoted).join(" ")}`;
  const all = options["all"] === true ? " --all" : "";
  const olderThan = optionText(invocation, "olderThan");
  return `purge${all}${olderThan === undefined ? "" : ` --older-than ${quoted(olderThan)}`} --yes`;
}
