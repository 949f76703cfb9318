import { type Argument, Command as Commander, CommanderError } from "commander";
import { Failure, isFailure, isFailureOf } from "../../failure.ts";
import { packageVersion } from "../version.ts";
import { type Command, homeOption, type Invocation, jsonOption } from "./command.ts";
import { commands } from "./commands.ts";
import { inHome } from "./in-home.ts";
import { editDistance } from "./pick.ts";

type World = Pick<Invocation, "terminal" | "environment" | "folder" | "signal">;

/** Builds commander's tree from the table, runs the command that the words name, and resolves to its exit status. */
export async function runProgram(argv: readonly string[], world: World): Promise<number> {
  let status = 0;
  const program = node(new Commander("throughline"), world).description(
    "A durable session runtime for coding agents: sessions survive cut streams, rotated keys, limits and kills.",
  );
  program
    .usage("[PROMPT]\n       throughline COMMAND [OPTIONS]")
    .version(packageVersion(), "-V, --version", "show the version")
    .helpCommand("help [command]", "show the help of a command")
    .addHelpText("after", onEveryCommand);
  for (const command of commands) {
    const words = command.name.split(" ");
    const parent = words
      .slice(0, -1)
      .reduce((at, word) => at.commands.find((child) => child.name() === word) ?? at, program);
    const child = parent.command(words.at(-1) ?? command.name);
    node(child, world)
      .summary(command.summary)
      .description(`${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`)
      .addHelpText("after", `\nExample:\n  $ ${command.example}`);
    for (const argument of command.arguments?.split(/ (?=[[<])/u) ?? [])
      child.argument(argument, argumentHelp[argument.replaceAll(/[^a-z]/gu, "")] ?? "");
    for (const option of [...command.options, ...(command.json === false ? [] : [jsonOption]), homeOption])
      child.option(option.flags, option.help);
    child.action(async () => {
      const run = await command.load();
      try {
        refuseEmpty(child);
        status = await run({
          ...world,
          args: (child.processedArgs as (string | string[] | undefined)[]).flatMap((arg) => arg ?? []),
          options: child.opts(),
        });
      } catch (error) {
        throw copyable(withHelp(error, command.name), child.opts());
      }
    });
  }
  try {
    await program.parseAsync(fullWords(argv), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw new Failure("usage", refusal(error, argv), {}, { cause: error });
  }
  return status;
}

/** What a variable that isn't set leaves of `--model "$MODEL"` is no model, and nothing that was left out either. */
function refuseEmpty(child: Commander): void {
  for (const option of child.options) {
    const given: unknown = child.getOptionValue(option.attributeName());
    if (given !== "" && !(Array.isArray(given) && given.includes(""))) continue;
    throw new Failure("usage", `${option.long ?? option.flags} was given nothing: its value is empty.`, {});
  }
}

/** What the words of a command stand for. */
const argumentHelp: Readonly<Record<string, string>> = {
  session: "its id, the beginning of one that no other has, or its name",
  prompt: "what to say; - reads it from standard input",
  text: "what to say; - reads it from standard input",
  name: "one line of at most 100 characters",
  id: "of the message, or the beginning of it",
  rollout: "a Codex session: the path of its file, its id, the beginning of one, or its name",
  path: "a rollout, a folder of them, or a session; without one all are checked",
  shell: "bash, zsh or fish; words is what their scripts ask for",
  words: "for words: those of the command line so far",
};

const onEveryCommand = `
throughline --resume [SESSION] and --continue: resume, and resume --last.
Every command takes --help, which has an example, and --home DIR, or
THROUGHLINE_HOME, for where sessions live (default ~/.throughline); all but open
take --json, which prints what docs/json.md describes.

Exit status: 0 done, 1 the turn failed, 2 usage, 3 the session is in use,
4 stopped by a limit, 5 not recoverable, 130 interrupted.

Examples:
  $ throughline "make the tests pass"
  $ throughline exec --approval all "make the tests pass"
  $ throughline resume --last "and now the docs"
  $ throughline demo
`;

/** Every error ends with what to type next: where its words name nothing, that is the help of its command. */
function withHelp(error: unknown, name: string): unknown {
  if (!isFailureOf(error, "usage") || error.message.includes("throughline ")) return error;
  return new Failure("usage", `${error.message} See: throughline ${name} --help`, {}, { cause: error });
}

/** What a person copies from it works in the home that was named. */
function copyable(error: unknown, options: Invocation["options"]): unknown {
  if (!isFailure(error)) return error;
  const message = inHome({ options }, error.message);
  return message === error.message ? error : new Failure(error.class, message, error.data, { cause: error });
}

/** What commander says, as the other commands say it, with the help to look at. */
function refusal({ code, message }: CommanderError, argv: readonly string[]): string {
  const words = message
    .replace(/^error: /u, "")
    .replace(/\n\((Did you mean [^)]*)\)/u, ". $1")
    .replaceAll("'", '"');
  const said = words.charAt(0).toUpperCase() + words.slice(1) + (/[.?]$/u.test(words) ? "" : ".");
  const prompt =
    code === "commander.unknownCommand"
      ? ' A prompt of one word is sent with: throughline open "…".'
      : code === "commander.excessArguments" && takesWords(argv)
        ? " What is said stands in quotes."
        : "";
  return `${said}${prompt} See: ${["throughline", commandIn(argv), "--help"].filter(Boolean).join(" ")}`;
}

/** Whether the last argument is what somebody says, of which a shell makes a word each where it has no quotes. */
function takesWords(argv: readonly string[]): boolean {
  const name = commandIn(argv) || "open";
  return /[[<](?:prompt|text|name)[\]>]$/u.test(
    commands.find((command) => command.name === name)?.arguments ?? "",
  );
}

/** The command that the words begin with; empty when they begin with none. */
function commandIn(argv: readonly string[]): string {
  const two = argv.slice(0, 2).join(" ");
  return (
    commands.find(({ name }) => name === two)?.name ??
    commands.find(({ name }) => name === argv[0])?.name ??
    ""
  );
}

function node(commander: Commander, { terminal }: World): Commander {
  return commander
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: () => undefined,
    })
    .configureHelp({
      // That every command has options is said once.
      subcommandTerm: (child) =>
        [child.name(), ...child.registeredArguments.map((argument) => argumentTerm(argument))].join(" "),
    })
    .helpOption("-h, --help", "show this help")
    .enablePositionalOptions();
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

const ownOptions: ReadonlySet<string> = new Set(["-h", "--help", "-V", "--version", "--"]);

/** `--resume [id]` and `--continue`, as people type them, are the command `resume`; nothing, options and a prompt are `open`. */
function fullWords(typed: readonly string[]): string[] {
  const argv = behindCommand(typed);
  const [first, ...rest] = argv;
  if (first === "--resume" || first === "-r") return ["resume", ...rest];
  if (first === "--continue" || first === "-c") return ["resume", "--last", ...rest];
  if (first === "help" && rest.length > 0) {
    if (rest.every((word) => ownOptions.has(word))) return ["--help"];
    if (commandIn(rest) !== "") return [...rest, "--help"];
    throw new Failure("usage", `There is no command "${rest.join(" ")}". See: throughline --help`, {});
  }
  if (first === undefined || /\s/u.test(first)) return ["open", ...argv];
  // Other options stand behind their command; before it they would begin a session.
  const isMisplaced = rest.some((word) => commandWords.includes(word));
  const isOption = first.startsWith("-");
  if (isOption && !ownOptions.has(first) && !isMisplaced) return ["open", ...argv];
  // A single word is a prompt too, unless it is a command, or looks like one that was mistyped.
  if (!isOption && !commandWords.some((word) => isLike(first, word))) return ["open", ...argv];
  return [...argv];
}

/** What every command takes is taken before it too, as people type it. */
function behindCommand(argv: readonly string[]): readonly string[] {
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

/** A letter in three is another one, or letters have changed places. */
function isLike(typed: string, word: string): boolean {
  const letters = (text: string): string => [...text].sort().join("");
  return editDistance(typed, word) <= typed.length / 3 || letters(typed) === letters(word);
}

export type { Command };
