import { Command as Commander, CommanderError } from "commander";
import { Failure } from "../../failure.ts";
import { packageVersion } from "../version.ts";
import { type Command, homeOption, type Invocation, jsonOption } from "./command.ts";
import { commands } from "./commands.ts";

type World = Pick<Invocation, "terminal" | "environment" | "folder" | "signal">;

/** Builds commander's tree from the table, runs the command that the words name, and resolves to its exit status. */
export async function runProgram(argv: readonly string[], world: World): Promise<number> {
  let status = 0;
  const program = node(new Commander("throughline"), world).description(
    "A durable session runtime for coding agents: sessions survive cut streams, rotated keys, limits and kills.",
  );
  program.version(packageVersion(), "-V, --version");
  for (const command of commands) {
    const words = command.name.split(" ");
    const parent = words
      .slice(0, -1)
      .reduce((at, word) => at.commands.find((child) => child.name() === word) ?? at, program);
    const child = parent.command(words.at(-1) ?? command.name);
    node(child, world)
      .description(command.summary)
      .addHelpText("after", `\nExample:\n  $ ${command.example}`);
    for (const argument of command.arguments?.split(/ (?=[[<])/u) ?? []) child.argument(argument);
    for (const option of [...command.options, jsonOption, homeOption])
      child.option(option.flags, option.help);
    child.action(async () => {
      const run = await command.load();
      status = await run({
        ...world,
        args: (child.processedArgs as (string | string[] | undefined)[]).flatMap((arg) => arg ?? []),
        options: child.opts(),
      });
    });
  }
  try {
    await program.parseAsync(resumeWords(argv), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    throw new Failure("usage", refusal(error, argv), {}, { cause: error });
  }
  return status;
}

/** What commander says, as the other commands say it, with the help to look at. */
function refusal({ code, message }: CommanderError, argv: readonly string[]): string {
  const words = message
    .replace(/^error: /u, "")
    .replace(/\n\((Did you mean [^)]*)\)/u, ". $1")
    .replaceAll("'", '"');
  const said = words.charAt(0).toUpperCase() + words.slice(1) + (/[.?]$/u.test(words) ? "" : ".");
  const prompt = code === "commander.unknownCommand" ? ' A prompt is run with: throughline exec "…".' : "";
  return `${said}${prompt} See: ${["throughline", commandIn(argv), "--help"].filter(Boolean).join(" ")}`;
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
    .enablePositionalOptions();
}

/** `--resume [id]` and `--continue`, as people type them, are the command `resume`. */
function resumeWords(argv: readonly string[]): string[] {
  const [first, ...rest] = argv;
  if (first === "--resume" || first === "-r") return ["resume", ...rest];
  if (first === "--continue" || first === "-c") return ["resume", "--last", ...rest];
  return [...argv];
}

export type { Command };
