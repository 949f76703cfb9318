import { Failure } from "../../failure.ts";
import { type InterfaceCommand, longFlag, type OptionSpec, type Slash } from "../command/command.ts";
import { commands, interfaceCommands } from "../command/commands.ts";
import { readWords, splitWords } from "./slash-words.ts";

/** A slash command as it was typed: one of the interface's own, or one of the command line's table. */
export type SlashCall = { kind: "interface"; name: InterfaceCommand["name"]; text: string } | CommandCall;

/** A command of the table, as it was typed after a slash, with its words. */
export interface CommandCall {
  kind: "command";
  command: SlashCommand;
  words: readonly string[];
}

/** A command of the table that can be typed after a slash. */
export type SlashCommand = (typeof commands)[number] & { slash: Slash };

/** One line of the help and of the completion: what is typed, and what it does. */
export interface SlashLine {
  name: string;
  arguments: string;
  summary: string;
}

const fromTable = commands.filter((command): command is SlashCommand => command.slash !== undefined);

/** Whether a line begins with a command's name as a word of its own. A line break ends it, too. */
const beginsWith = (typed: string, name: string): boolean =>
  typed.startsWith(name) && /^(?:\s|$)/u.test(typed.slice(name.length));

/** All slash commands, sorted by name. */
export const slashLines: readonly SlashLine[] = [
  ...interfaceCommands.map((command) => ({ ...command, arguments: command.arguments ?? "" })),
  ...fromTable.map(({ slash, summary, arguments: names = "" }) => ({
    name: slash.name,
    arguments: slash.session === undefined ? names : names.replace(/^(?:<session>|\[session\]) ?/u, ""),
    summary,
  })),
].sort((left, right) => (left.name < right.name ? -1 : 1));

/** Whether a line is a slash command: a slash and a word. A path (`/etc/hosts`) and a line that begins with a blank are messages. */
export const isSlashLine = (text: string): boolean => /^\/[a-z-]+(?:\s|$)/u.test(text);

/** Reads a slash command. `session`: the open one. Throws `usage` for a command that doesn't exist, and for one that needs an open session. */
export function readSlash(line: string, session: string | undefined): SlashCall {
  const typed = line.slice(1).trim();
  const command = fromTable
    .filter(({ slash }) => beginsWith(typed, slash.name))
    .reduce<SlashCommand | undefined>(longer, undefined);
  const own = interfaceCommands.find(({ name, alias }) => typed === alias || beginsWith(typed, name));
  if (own && (command === undefined || own.name.length >= command.slash.name.length))
    return { kind: "interface", name: own.name, text: /\s(.*)/su.exec(typed)?.[1]?.trim() ?? "" };
  if (!command) {
    const name = /^\S*/u.exec(typed)?.[0] ?? "";
    throw new Failure(
      "usage",
      `There is no command /${name}; /help lists them. To send the line as a message, begin it with a blank.`,
      {},
    );
  }
  return { kind: "command", ...asTyped(command, typed.slice(command.slash.name.length).trim(), session) };
}

function asTyped(
  command: SlashCommand,
  rest: string,
  session: string | undefined,
): { command: SlashCommand; words: string[] } {
  // `/queue` without a text lists what is queued.
  if (command.slash.name === "queue" && rest === "") return asTyped(named("queue list"), "", session);
  const { slash } = command;
  const words = splitWords(rest);
  const [options, text] = slash.text ? leadingOptions(rest) : [[], ""];
  const given = slash.text ? [text].filter((word) => word !== "") : words;
  const isNamed = slash.session === "unless-named" && readWords(rest, command.options).args.length > 0;
  if (slash.session === undefined || isNamed)
    return { command, words: [...command.name.split(" "), ...words] };
  if (session === undefined)
    throw new Failure("usage", `/${slash.name} needs a session, and none is begun yet: type a message.`, {});
  // After "--" everything is text, even if it begins like an option.
  const last = slash.text ? ["--", session, ...given] : [session, ...given];
  return { command, words: [...command.name.split(" "), ...options, ...last] };
}

function named(name: string): SlashCommand {
  const found = fromTable.find(({ slash }) => slash.name === name);
  if (!found) throw new Error(`the table of commands has no /${name}`);
  return found;
}

const longer = (one: SlashCommand | undefined, other: SlashCommand): SlashCommand =>
  one !== undefined && one.slash.name.length >= other.slash.name.length ? one : other;

/** Splits the rest of a command that takes a text: options come before the text. */
function leadingOptions(rest: string): [options: string[], text: string] {
  const leading = /^(?:--[a-z-]+(?:\s+|$))*/u.exec(rest)?.[0] ?? "";
  return [splitWords(leading), rest.slice(leading.length)];
}

/** A completion: the word as it is listed, and the whole line with it. */
export interface Completion {
  word: string;
  summary: string;
  line: string;
}

/** The completions of a line: names of commands, or, after a name, its options. */
export function completions(line: string): Completion[] {
  if (!/^\/[a-z -]*$/u.test(line) || line.includes("\n")) return [];
  const typed = line.slice(1);
  const names = slashLines
    .filter(({ name }) => name.startsWith(typed))
    .map(({ name, arguments: words, summary }) => ({
      word: `/${name}${words === "" ? "" : ` ${words}`}`,
      summary,
      line: `/${name}${words === "" ? "" : " "}`,
    }));
  if (names.length > 0) return names;
  const start = /(?:^|\s)(-[a-z-]*)$/u.exec(line)?.[1];
  if (start === undefined) return [];
  return optionsOf(typed)
    .filter((option) => longFlag(option).startsWith(start))
    .map((option) => ({
      word: option.flags,
      summary: option.help,
      line: `${line.slice(0, -start.length)}${longFlag(option)} `,
    }));
}

/** The options of the command that the words begin with. */
export function optionsOf(typed: string): readonly OptionSpec[] {
  const command = fromTable
    .filter(({ slash }) => beginsWith(typed, slash.name))
    .reduce<SlashCommand | undefined>(longer, undefined);
  if (command) return command.options;
  return interfaceCommands.find(({ name }) => beginsWith(typed, name))?.options ?? [];
}
