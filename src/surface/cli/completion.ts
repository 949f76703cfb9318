import { Failure } from "../../failure.ts";
import { printable } from "../../lib/printable.ts";
import { entryOf } from "../../lib/table.ts";
import { printJson } from "../json/print.ts";
import type { Invocation } from "../command/command.ts";
import { candidates, files } from "./candidates.ts";

/**
 * Prints a script that completes commands, options, their values and sessions in a shell. The script asks this program at each completion
 * (`throughline completion words -- WORD…`), so that it knows what the installed version knows.
 */
export async function completion(invocation: Invocation): Promise<number> {
  const { args, options, terminal } = invocation;
  const [shell = "", ...words] = args;
  if (shell === "words") {
    const found = await candidates(invocation, words);
    if (options["json"] === true) {
      printJson<"completion">(terminal, { words: found === files ? [] : found, files: found === files });
      return 0;
    }
    const lines = found === files ? [files] : found.map(({ word, help }) => `${word}\t${help}`);
    terminal.out(lines.map((line) => `${printable(line)}\n`).join(""));
    return 0;
  }
  const script = entryOf(scripts, shell);
  if (script === undefined)
    throw new Failure("usage", `There is no completion for "${shell}". The shells are: bash, zsh, fish.`, {});
  if (options["json"] === true) printJson<"completion">(terminal, { shell, script });
  else terminal.out(script);
  return 0;
}

const scripts: Readonly<Record<string, string>> = {
  bash: `# throughline completion bash: source it, or put it into ~/.local/share/bash-completion/completions/throughline
_throughline() {
  local word help quote= program=\${COMP_WORDS[0]/#\\~/$HOME}
  local -a line=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  [[ \${COMP_WORDS[COMP_CWORD]} == [\\"\\']* ]] || quote=1
  line=("\${line[@]#[\\"\\']}")
  COMPREPLY=()
  while IFS=$'\\t' read -r word help; do
    [[ $word == ${files} ]] && return
    [[ $quote && $word == *[!a-zA-Z0-9_.,:/=@+-]* ]] && printf -v word %q "$word"
    COMPREPLY+=("$word")
  done < <("$program" completion words -- "\${line[@]//\\\\/}" 2>/dev/null)
}
complete -o default -F _throughline throughline tl
`,
  zsh: `#compdef throughline tl
# throughline completion zsh: source it after compinit, or put it as _throughline into a folder of $fpath
_throughline() {
  local word help program=\${words[1]/#\\~/$HOME}
  local -a choices
  while IFS=$'\\t' read -r word help; do
    [[ $word == ${files} ]] && { _files; return }
    choices+=("\${\${word//\\\\/\\\\\\\\}//:/\\\\:}\${help:+:$help}")
  done < <("$program" completion words -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  _describe -V throughline choices
}
if [[ \${funcstack[1]} == _throughline ]]; then _throughline "$@"; else compdef _throughline throughline tl; fi
`,
  fish: `# throughline completion fish: put it into ~/.config/fish/completions/throughline.fish
function __throughline_words
    set -l line (commandline -opc)
    set -l begun (commandline -ct | string unescape)
    set -l found ($line[1] completion words -- $line[2..-1] "$begun" 2>/dev/null)
    if test "$found[1]" = ${files}
        __fish_complete_path (commandline -ct)
    else
        string join \\n -- $found
    end
end
complete -c throughline -f -k -a '(__throughline_words)'
complete -c tl -f -k -a '(__throughline_words)'
`,
};
