import { Failure } from "../../failure.ts";
import { homeOption, type Invocation, jsonOption } from "./command.ts";
import { commands } from "./commands.ts";
import { printJson } from "../json/print.ts";

/** Prints a script that completes commands and options in a shell, made from the same table as the help. */
export async function completion({ args, options, terminal }: Invocation): Promise<number> {
  const shell = args[0] ?? "";
  const write = Object.hasOwn(shells, shell) ? shells[shell] : undefined;
  if (!write)
    throw new Failure("usage", `There is no completion for "${shell}". The shells are: bash, zsh, fish.`, {});
  const script = write(table());
  if (options["json"] === true) printJson<"completion">(terminal, { shell, script });
  else terminal.out(script);
  return 0;
}

interface Words {
  /** The words after `throughline`, joined by a space; empty for the program itself. */
  at: string;
  words: { word: string; help: string }[];
}

/** What can stand after the program, after each command, and after a word that begins commands of two (`queue list`). */
function table(): Words[] {
  const rows = new Map<string, Words["words"]>([["", []]]);
  const row = (at: string): Words["words"] => {
    const words = rows.get(at) ?? [];
    rows.set(at, words);
    return words;
  };
  for (const { name, summary, options, json } of commands) {
    const last = name.lastIndexOf(" ");
    const [before, word] = [name.slice(0, Math.max(0, last)), name.slice(last + 1)];
    row(before).push({ word, help: summary });
    const always = json === false ? [homeOption] : [jsonOption, homeOption];
    const flags = [...options, ...always, { flags: "--help", help: "show the help" }];
    for (const { flags: given, help } of flags)
      row(name).push({ word: /--[\w-]+/u.exec(given)?.[0] ?? given, help });
  }
  return [...rows].map(([at, words]) => ({ at, words }));
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const listOf = (words: Words["words"]): string => words.map(({ word }) => word).join(" ");

/** Finds the longest command that the words before the cursor begin with; bash and zsh share it. */
const finding = `  local at='' i
  for (( i = 1; i < cword; i++ )); do
    case "$at\${at:+ }\${line[i]}" in
`;

const shells: Readonly<Record<string, (rows: readonly Words[]) => string>> = {
  bash: (
    rows,
  ) => `# throughline completion bash: source it, or put it into ~/.local/share/bash-completion/completions/throughline
_throughline() {
  local cword=$COMP_CWORD
  local -a line=("\${COMP_WORDS[@]}")
${finding}${knownPlaces(rows)}    esac
  done
  case "$at" in
${rows.map(({ at, words }) => `    ${quoted(at)}) COMPREPLY=($(compgen -W ${quoted(listOf(words))} -- "\${line[cword]}")) ;;`).join("\n")}
  esac
}
complete -o default -F _throughline throughline tl
`,
  zsh: (rows) => `#compdef throughline tl
# throughline completion zsh: source it after compinit, or put it as _throughline into a folder of $fpath
_throughline() {
  local cword=$(( CURRENT - 1 ))
  local -a line=("\${(@)words[2,-1]}") choices
${finding}${knownPlaces(rows)}    esac
  done
  case "$at" in
${rows.map(({ at, words }) => `    ${quoted(at)}) choices=(${words.map(({ word, help }) => quoted(`${word}:${help.replaceAll(":", "\\:")}`)).join(" ")}) ;;`).join("\n")}
  esac
  _describe throughline choices || _files
}
compdef _throughline throughline tl
`,
  fish: (rows) =>
    `# throughline completion fish: put it into ~/.config/fish/completions/throughline.fish
${rows
  .flatMap(({ at, words }) =>
    words.map(({ word, help }) => {
      const seen = at.split(" ").filter(Boolean);
      const first = rows[0]!.words.map((known) => known.word).join(" ");
      const when =
        seen.length === 0
          ? `not __fish_seen_subcommand_from ${first}`
          : seen.map((each) => `__fish_seen_subcommand_from ${each}`).join("; and ");
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
      return ["throughline", "tl"]
        .map((bin) => `complete -c ${bin} -n ${quoted(when)} ${what} -d ${quoted(help)}`)
        .join("\n");
    }),
  )
  .join("\n")}
`,
};

const knownPlaces = (rows: readonly Words[]): string =>
  rows
    .filter(({ at }) => at !== "")
    .map(({ at }) => `      ${quoted(at)}) at=${quoted(at)} ;;\n`)
    .join("");
