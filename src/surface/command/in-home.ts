import { resolve } from "node:path";
import { quoted } from "../../lib/words.ts";
import type { SessionUpdate } from "../../turn/update.ts";
import { homeOption, type Invocation, optionText } from "./command.ts";
import { commands } from "./commands.ts";

const names = [...new Set(commands.map(({ name }) => name.split(" ")[0]))].join("|");
// Commands of ours in a message. Text in quotes is skipped: it is a name, a prompt, or a message that was pasted.
const commandsIn = new RegExp(
  String.raw`"[^"\n]*"|(?<!\S)'(?:[^']|'\\'')*'|(?<![\w./-])throughline (?=(?:${names})\b)`,
  "gu",
);

/**
 * Puts the `--home` that this command was given into the commands that a message suggests, so that they work when pasted, from any folder.
 * (A home from the environment holds for the next command anyway.) Text from sessions or files may be in the words only in quotes.
 */
export function inHome(invocation: Pick<Invocation, "options">, words: string): string {
  const home = optionText(invocation, "home");
  if (home === undefined) return words;
  const named = `throughline --home ${quoted(resolve(home))} `;
  return words.replace(commandsIn, (found) => (found.startsWith("throughline") ? named : found));
}

/** The options of a command line that was not read, or no further than to its command: `--home`, for `inHome`. */
export function optionsIn(argv: readonly string[]): Invocation["options"] {
  const [option = ""] = homeOption.flags.split(" ");
  const at = argv.findLastIndex((word) => word === option || word.startsWith(`${option}=`));
  const home = argv[at] === option ? argv[at + 1] : argv[at]?.slice(option.length + 1);
  return home === undefined ? {} : { home };
}

/** The same for the words of an update. */
export function updateInHome(invocation: Pick<Invocation, "options">, update: SessionUpdate): SessionUpdate {
  switch (update.type) {
    case "notice":
      return { ...update, text: inHome(invocation, update.text) };
    case "repaired":
    case "session-rotated":
      return { ...update, notice: inHome(invocation, update.notice) };
    default:
      return update;
  }
}
