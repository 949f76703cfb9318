import { type Argument, Command as Commander, CommanderError } from "commander";
import { Failure, isFailureOf } from "../../failure.ts";
import { packageFile, packageVersion } from "../version.ts";
import { homeOption, type Invocation, jsonOption, type World } from "../command/command.ts";
import { commands } from "../command/commands.ts";
import { inHome } from "../command/in-home.ts";
import { asFailure } from "../command/system-failure.ts";
import { load } from "./load.ts";
import {
  beforeText,
  behindCommand,
  commandIn,
  fullWords,
  isCommandLater,
  takesWords,
} from "./typed-words.ts";

/** Builds commander's program from the table of commands, runs the command that `argv` names, and resolves to its exit status. */
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
    // Commander takes the first word behind `--` for a command below: `exec -- resume` is a prompt.
    if (words.length > 1 && argv.includes("--") && !beforeText(argv).includes(words[1]!)) continue;
    const parent = words
      .slice(0, -1)
      .reduce((at, word) => at.commands.find((child) => child.name() === word) ?? at, program);
    const child = parent.command(words.at(-1) ?? command.name);
    node(child, world)
      // Commander's own has "[command]" in it where there are commands below, as if that stood before the arguments.
      .usage(["[options]", command.arguments].filter(Boolean).join(" "))
      .summary(command.summary)
      .description(`${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`)
      .addHelpText("after", `\nExample:\n  $ ${command.example}`);
    for (const argument of command.arguments?.split(/ (?=[[<])/u) ?? []) {
      const word = argument.replaceAll(/[^a-z]/gu, "");
      child.argument(argument, argumentHelp[`${command.name} ${word}`] ?? argumentHelp[word] ?? "");
    }
    for (const option of [...command.options, ...(command.json === false ? [] : [jsonOption]), homeOption])
      child.option(option.flags, option.help);
    child.action(async () => {
      const run = await load[command.name]();
      try {
        refuseEmpty(child);
        status = await run({
          ...world,
          run: runProgram,
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
    throw new Failure("usage", refusal(error, behindCommand(argv)), {}, { cause: error });
  }
  return status;
}

/** Refuses options with an empty value, as `--model "$MODEL"` has where the variable isn't set: neither a value nor an option left out. */
function refuseEmpty(child: Commander): void {
  for (const option of child.options) {
    const given: unknown = child.getOptionValue(option.attributeName());
    if (given !== "" && !(Array.isArray(given) && given.includes(""))) continue;
    throw new Failure("usage", `${option.long ?? option.flags} was given nothing: its value is empty.`, {});
  }
}

/** The help of each argument, by its name, or by its command's and its own. */
const argumentHelp: Readonly<Record<string, string>> = {
  session: "its id, the beginning of one that no other has, or its name",
  prompt: "what to say; - reads it from standard input",
  "exec prompt":
    "what to say; without one, or with -, it is read from standard input; what is piped in beside one goes with it",
  text: "what to say; - reads it from standard input",
  name: "one line of at most 100 characters",
  id: "of the message, or the beginning of it",
  rollout: "a Codex session: the path of its file, its id, the beginning of one, or its name",
  "import rollout":
    "a Codex session: the path of its file, its id, the beginning of one, or its name; or a file that export --format throughline wrote",
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

Guides (docs/ in messages):
  ${packageFile("docs")}
`;

/** Adds the command's help to a usage error that suggests no command, since every error says what to type next. */
function withHelp(error: unknown, name: string): unknown {
  if (!isFailureOf(error, "usage") || error.message.includes("throughline ")) return error;
  return new Failure("usage", `${error.message} See: throughline ${name} --help`, {}, { cause: error });
}

/** The error with `--home` in the commands that it suggests (`inHome`). */
function copyable(error: unknown, options: Invocation["options"]): unknown {
  const failure = asFailure(error);
  if (!failure) return error;
  const message = inHome({ options }, failure.message);
  return message === failure.message
    ? failure
    : new Failure(failure.class, message, failure.data, { cause: error });
}

/** Commander's message in the manner of the other errors, with the help to look at. */
function refusal({ code, message }: CommanderError, argv: readonly string[]): string {
  const words = message
    .replace(/^error: /u, "")
    .replace(/\n\((Did you mean [^)]*)\)/u, ". $1")
    .replaceAll("'", '"');
  const said = words.charAt(0).toUpperCase() + words.slice(1) + (/[.?]$/u.test(words) ? "" : ".");
  return `${said}${hintOf(code, words, argv)} See: ${["throughline", commandIn(argv), "--help"].filter(Boolean).join(" ")}`;
}

/** What tells the words that can stand for an argument, by its name, or by its command's and its own. */
const listedBy: Readonly<Record<string, string>> = {
  session: "throughline sessions lists them",
  "unarchive session": "throughline sessions --archived lists them",
  rollout: "throughline sessions --codex --all lists them",
  "repair rollout": "throughline doctor names those that need a repair",
};

/** What is probably meant, where commander refuses the words with this message. */
function hintOf(code: string, said: string, argv: readonly string[]): string {
  const [first = ""] = argv;
  switch (code) {
    case "commander.missingArgument": {
      const [argument = ""] = /[a-z]+(?="$)/u.exec(said) ?? [];
      const listed = listedBy[`${commandIn(argv)} ${argument}`] ?? listedBy[argument];
      return listed === undefined ? "" : ` ${listed}.`;
    }
    case "commander.unknownOption":
      if (isCommandLater(argv)) return " Options stand behind the command.";
      return commandIn(argv) === "" && /^[a-z][\w-]*$/u.test(first) ? ` "${first}" is no command.` : "";
    case "commander.unknownCommand":
      return ' A prompt of one word is sent with: throughline open "…".';
    case "commander.excessArguments":
      return takesWords(argv) ? " What is said stands in quotes." : "";
    default:
      return "";
  }
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
      // A terminal of 60 columns leaves less than the 40 for a description below which nothing is folded otherwise.
      minWidthToWrap: 20,
      // Without "[options]" in each line: the help says once that every command has them.
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
