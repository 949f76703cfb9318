import { printableLine } from "../../lib/printable.ts";
import {
  type Command,
  homeOption,
  type Invocation,
  jsonOption,
  longFlag,
  type OptionSpec,
} from "../command/command.ts";
import { commands } from "../command/commands.ts";

/** A candidate for completion, with a word about it. */
export interface Candidate {
  word: string;
  help: string;
}

/** Returned instead of candidates where file names can stand: the shell completes those itself. */
export const files = ":files";

const helpOption: OptionSpec = { flags: "--help", help: "show the help" };

const resumeOptions: readonly OptionSpec[] = [
  { flags: "--resume", help: "choose a session, and go on with it" },
  { flags: "--continue", help: "go on with the newest session of this workspace" },
  { flags: "--version", help: "show the version" },
];

/** The most sessions that are offered; typing more of a name brings the others. */
const mostSessions = 100;

/** The candidates for the last of these words (those after the program's name), which may be begun. */
export async function candidates(
  invocation: Invocation,
  words: readonly string[],
): Promise<Candidate[] | typeof files> {
  const begun = words.at(-1) ?? "";
  const { at, used, waiting, home } = placeIn(words.slice(0, -1));
  if (waiting) return valuesOf(waiting, begun);
  const command = commands.find(({ name }) => name === at);
  if (begun.startsWith("-")) return startingWith(optionsOf(command), begun);
  const inner = used > 0 ? [] : startingWith(subcommands(at), begun);
  const args = command?.arguments?.split(/ (?=[[<])/u) ?? [];
  const argument = args[used] ?? (args.at(-1)?.includes("...") ? args.at(-1)! : "");
  if (/session/u.test(argument)) {
    const own = await sessionWords(invocation, begun, home);
    const isResume = at === "resume" || at === "exec resume";
    const others = isResume ? await rolloutWords(invocation, begun) : [];
    return [...inner, ...own, ...others.filter(({ word }) => own.every((each) => each.word !== word))];
  }
  if (/shell/u.test(argument))
    return startingWith(
      ["bash", "zsh", "fish"].map((word) => ({ word, help: "" })),
      begun,
    );
  if (/path|rollout/u.test(argument)) {
    const found = await rolloutWords(invocation, begun);
    return found.length > 0 ? found : files;
  }
  if (/prompt/u.test(argument) && inner.length === 0) return files;
  if (inner.length > 0 || begun !== "" || argument !== "") return inner;
  return command ? startingWith(optionsOf(command), begun) : inner;
}

interface Spot {
  /** The command that the words name so far; "" for none. */
  at: string;
  /** How many of its arguments have been given. */
  used: number;
  /** The option whose value comes next. */
  waiting?: OptionSpec;
  home?: string;
}

function placeIn(words: readonly string[]): Spot {
  const spot: Spot = { at: "", used: 0 };
  for (const word of words) {
    const own = commands.find(({ name }) => name === spot.at)?.options ?? [];
    if (spot.waiting) {
      if (spot.waiting === homeOption) spot.home = word;
      delete spot.waiting;
    } else if (word.startsWith("-")) {
      const option = [...own, homeOption].find(({ flags }) => flags.split(/[ ,]+/u).includes(word));
      if (option && /[<[]/u.test(option.flags)) spot.waiting = option;
    } else {
      const inner = [spot.at, word].filter(Boolean).join(" ");
      const isCommand = commands.some(({ name }) => name === inner || name.startsWith(`${inner} `));
      if (spot.used === 0 && isCommand) spot.at = inner;
      else spot.used++;
    }
  }
  return spot;
}

function subcommands(at: string): Candidate[] {
  const before = at === "" ? "" : `${at} `;
  return commands.flatMap(({ name, summary }) => {
    const word = name.startsWith(before) ? name.slice(before.length) : "";
    return word === "" || word.includes(" ") ? [] : [{ word, help: summary }];
  });
}

/** The options of a command; without one, those of `open` and `--resume` and `--continue`. */
function optionsOf(command: Command | undefined): Candidate[] {
  const open = commands.find(({ name }) => name === "open");
  const own = command?.options ?? [...(open?.options ?? []), ...resumeOptions];
  const json = (command ?? open)?.json === false ? [] : [jsonOption];
  return [...own, ...json, homeOption, helpOption].map((option) => ({
    word: longFlag(option),
    help: option.help,
  }));
}

/** The values of an option; after a comma, where it takes several. */
function valuesOf({ flags, values = [], several }: OptionSpec, begun: string): Candidate[] | typeof files {
  if (/<(?:file|dir)>/u.test(flags)) return files;
  const before = several ? begun.slice(0, begun.lastIndexOf(",") + 1) : "";
  return startingWith(
    values.map((value) => ({ word: before + value, help: "" })),
    begun,
  );
}

const startingWith = (all: readonly Candidate[], begun: string): Candidate[] =>
  all.filter(({ word }) => word.startsWith(begun));

/** Ids of Codex's sessions, by their files' names. Only from four characters on, so that they don't crowd out the names of files. */
async function rolloutWords({ environment }: Invocation, begun: string): Promise<Candidate[]> {
  if (!/^[0-9a-f]{4}[0-9a-f-]*$/u.test(begun)) return [];
  const { codexHome, listRollouts } = await import("../../foreign/codex/home/places.ts");
  const threads = new Map(listRollouts(codexHome(environment)).map(({ thread, made }) => [thread, made]));
  return startingWith(
    [...threads].map(([word, made]) => ({ word, help: `Codex, made ${made.replace("T", " ")}` })),
    begun,
  ).slice(0, mostSessions);
}

/** Names and ids of this workspace's sessions; of all sessions where none of these begins with what is typed. */
async function sessionWords(invocation: Invocation, begun: string, home?: string): Promise<Candidate[]> {
  // Imported here, because no other candidates need the store.
  const [{ placeOf }, { withStore }, { statusWords }] = await Promise.all([
    import("../place.ts"),
    import("../store-for.ts"),
    import("../../session/standing.ts"),
  ]);
  const options = { ...invocation.options, ...(home !== undefined && { home }) };
  return withStore({ ...invocation, options }, async (store) => {
    const now = Date.now();
    for (const query of [{ workspace: placeOf(invocation.folder) }, {}]) {
      const found = (await store.list(query)).flatMap((session) => {
        const what = `${printableLine(session.title ?? "", 40)} · ${statusWords(session, now)}`;
        // An imported session's name may have several lines, which a shell would take for several words.
        const isWord = session.name !== undefined && session.name === printableLine(session.name, 100);
        const named = isWord ? [{ word: session.name!, help: what }] : [];
        return startingWith([...named, { word: session.id, help: what }], begun).slice(0, 1);
      });
      if (found.length > 0) return found.slice(0, mostSessions);
    }
    return [];
  });
}
