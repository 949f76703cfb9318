import { quoted } from "../../lib/words.ts";
import { type Invocation, optionText } from "./command.ts";

/** The command that removes the same once more, in the same home, and nothing beside it. */
export function sameAgain(invocation: Pick<Invocation, "args" | "options">): string {
  const { args, options } = invocation;
  const given = (flag: string, name: string): string => {
    const value = optionText(invocation, name);
    return value === undefined ? "" : ` ${flag} ${quoted(value)}`;
  };
  const all = options["all"] === true ? " --all" : "";
  const what =
    args.length > 0
      ? `delete ${args.map(quoted).join(" ")}`
      : `purge${all}${given("--older-than", "olderThan")} --yes`;
  const relatives = options["withRelatives"] === true ? " --with-relatives" : "";
  return `throughline ${what}${relatives}${given("--home", "home")}`;
}
