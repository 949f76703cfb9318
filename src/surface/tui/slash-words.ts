import { Failure } from "../../failure.ts";
import { longFlag, type OptionSpec } from "../command/command.ts";

/** The arguments and options of a slash command, in the shape that the command line hands them over. */
export interface Typed {
  args: readonly string[];
  /** By commander's names: `--from-step` is `fromStep`. */
  options: Readonly<Record<string, string | boolean>>;
}

/** Splits a line into words at blanks; single and double quotes keep blanks together. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const [, double, single, plain] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/gu))
    words.push(double ?? single ?? plain ?? "");
  return words;
}

/** Splits a line into arguments and the options of `specs`. Throws `usage` for an option that isn't among them, and for one without its value. */
export function readWords(line: string, specs: readonly OptionSpec[]): Typed {
  const args: string[] = [];
  const options: Record<string, string | boolean> = {};
  const words = splitWords(line);
  for (let at = 0; at < words.length; at++) {
    const [word = "", inline] = equated(words[at] ?? "");
    if (!word.startsWith("--")) {
      args.push(words[at] ?? "");
      continue;
    }
    const spec = specs.find((option) => longFlag(option) === word);
    if (!spec) {
      const known = specs.map(({ flags }) => flags).join(", ");
      throw new Failure("usage", `There is no option ${word} here. These there are: ${known}.`, {});
    }
    const takesValue = spec.flags.includes("<");
    const value = takesValue ? (inline ?? words[++at]) : true;
    if (value === undefined) throw new Failure("usage", `${spec.flags} lacks its value.`, {});
    options[word.slice(2).replaceAll(/-([a-z])/gu, (_dash, letter: string) => letter.toUpperCase())] = value;
  }
  return { args, options };
}

function equated(word: string): [string, string?] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
