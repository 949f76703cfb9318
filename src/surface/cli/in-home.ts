import { resolve } from "node:path";
import { quoted } from "../../lib/words.ts";
import type { SessionUpdate } from "../../turn/update.ts";
import { type Invocation, optionText } from "./command.ts";
import { commands } from "./commands.ts";

const names = [...new Set(commands.map(({ name }) => name.split(" ")[0]))].join("|");
// What stands in quotes is somebody's own words: a name, a prompt, a message that was pasted.
const commandsIn = new RegExp(
  String.raw`"[^"\n]*"|(?<!\S)'(?:[^']|'\\'')*'|(?<![\w./-])throughline (?=(?:${names})\b)`,
  "gu",
);

/**
 * Words with the commands in them as they work in the home that `--home` has named, from any folder. One that the environment names holds
 * for the next command too. Not for words that a session or a file holds, but in quotes.
 */
export function inHome(invocation: Pick<Invocation, "options">, words: string): string {
  const home = optionText(invocation, "home");
  if (home === undefined) return words;
  const named = `throughline --home ${quoted(resolve(home))} `;
  return words.replace(commandsIn, (found) => (found.startsWith("throughline") ? named : found));
}

/** An update with what it tells a person so. */
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
