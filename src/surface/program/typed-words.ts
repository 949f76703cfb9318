import { Failure } from "../../failure.ts";
import { editDistance } from "../../lib/edit-distance.ts";
import { commands } from "../command/commands.ts";

// What people type, before commander reads it: without a command, with options before it, mistyped.

const ownOptions: ReadonlySet<string> = new Set(["-h", "--help", "-V", "--version"]);

const noCommand = (words: string): Failure =>
  new Failure("usage", `There is no command "${words}". See: throughline --help`, {});

/** Completes what people type without a command: `--resume [id]` and `--continue` mean `resume`; nothing, options or a prompt mean `open`. */
export function fullWords(typed: readonly string[]): string[] {
  const argv = behindCommand(typed);
  const [first, ...rest] = argv;
  if (first === "--resume" || first === "-r") return ["resume", ...rest];
  if (first === "--continue" || first === "-c") return ["resume", "--last", ...rest];
  if (first === "help" && rest.length > 0) {
    if (rest.every((word) => ownOptions.has(word))) return ["--help"];
    if (commandIn(rest) !== "") return [...rest, "--help"];
    throw noCommand(rest.join(" "));
  }
  if (first === undefined || /\s/u.test(first)) return ["open", ...argv];
  const isOption = first.startsWith("-");
  if (isOption && !ownOptions.has(first) && !isCommandLater(argv)) return ["open", ...argv];
  const asksForHelp = rest.some((word) => word === "--help" || word === "-h");
  // A single word is a prompt, unless it is a command or looks like a mistyped one.
  if (!isOption && !commandWords.some((word) => isLike(first, word))) {
    if (asksForHelp) throw noCommand(first);
    return ["open", ...argv];
  }
  // Without the option it is refused with the command that it looks like.
  if (!isOption && asksForHelp && !commandWords.includes(first)) return [first];
  return [...argv];
}

/** The words before `--`: none behind it is a command or an option. */
export function beforeText(argv: readonly string[]): readonly string[] {
  return argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
}

/** Whether an option stands before a command: a mistake that is reported. Taken for `open`, it would begin a session. */
export function isCommandLater(argv: readonly string[]): boolean {
  const [first = "", ...rest] = beforeText(argv);
  return first.startsWith("-") && rest.some((word) => commandWords.includes(word));
}

/** Moves `--home` and `--json`, which people also type before the command, after it. */
export function behindCommand(argv: readonly string[]): readonly string[] {
  const [first = "", second] = argv;
  const length =
    first === "--home" && second !== undefined ? 2 : /^--(?:home=.*|json)$/su.test(first) ? 1 : 0;
  if (length === 0) return argv;
  const rest = behindCommand(argv.slice(length));
  const command = commandIn(rest);
  if (command === "") return argv;
  const words = command.split(" ").length;
  return [...rest.slice(0, words), ...argv.slice(0, length), ...rest.slice(words)];
}

const commandWords: readonly string[] = ["help", ...commands.map(({ name }) => name.split(" ")[0] ?? name)];

/** Whether `typed` may be a mistyped `word`: up to a third of its letters differ, or the same letters stand in another order. */
function isLike(typed: string, word: string): boolean {
  const letters = (text: string): string => [...text].sort().join("");
  return editDistance(typed, word) <= typed.length / 3 || letters(typed) === letters(word);
}

/** The command that `argv` begins with; "" when it begins with none. */
export function commandIn(argv: readonly string[]): string {
  const two = argv.slice(0, 2).join(" ");
  return (
    commands.find(({ name }) => name === two)?.name ??
    commands.find(({ name }) => name === argv[0])?.name ??
    ""
  );
}

/** Whether the command ends in a free text: where its quotes were forgotten, the shell has made several arguments of it. */
export function takesWords(argv: readonly string[]): boolean {
  const name = commandIn(argv) || "open";
  return /[[<](?:prompt|text|name)[\]>]$/u.test(
    commands.find((command) => command.name === name)?.arguments ?? "",
  );
}
