import { Failure } from "../../failure.ts";
import type { OptionSpec } from "../cli/command.ts";

/** What follows the name of a command, as the command line would hand it over. */
export interface Typed {
  args: readonly string[];
  /** By commander's names: `--from-step` is `fromStep`. */
  options: Readonly<Record<string, string | boolean>>;
}

/** Words as a shell splits them; quotes keep blanks together. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const [, double, single, plain] of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/gu))
    words.push(double ?? single ?? plain ?? "");
  return words;
}

/** Tells options from the other words. Throws `usage` for one that is not among these, and for one that lacks its value. */
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
    const spec = specs.find(({ flags }) => longFlag(flags) === word);
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

/** `--from-step` of `--from-step <n>` and of `-f, --from-step <n>`. */
export function longFlag(flags: string): string | undefined {
  return /--[a-z-]+/u.exec(flags)?.[0];
}

function equated(word: string): [string, string?] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}
