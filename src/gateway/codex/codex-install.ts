import { isDeepStrictEqual } from "node:util";
import { parse, TomlError } from "smol-toml";
import { Failure } from "../../failure.ts";
import { codexConfig, type CodexProvider, codexProviderName, codexProviderTable } from "./codex-config.ts";

/** One place of a file that changes: from this line on (from 0), these lines give way to those. */
export interface Hunk {
  readonly at: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

export interface CodexEdit {
  readonly text: string;
  readonly hunks: readonly Hunk[];
  /** A profile that is on and names a provider of its own, which then counts. */
  readonly profile?: string;
}

type Table = Record<string, unknown>;

/**
 * Codex's `config.toml` with the gateway as its provider: the line `model_provider` and the gateway's own table change, everything else
 * stays as it is, comments included. What comes out is read again; anything else that changed is a failure ("configuration"), as is a file
 * that can't be read. `path` is for the words.
 */
export function withCodexProvider(text: string, provider: CodexProvider, path: string): CodexEdit {
  const before = read(text, path);
  const lineEnd = /\r\n/u.test(text) && !/(?:^|[^\r])\n/u.test(text) ? "\r\n" : "\n";
  const lines = text.split(lineEnd);
  const hunks = [rootHunk(lines), tableHunk(lines, provider)].filter(
    ({ removed, added }) => !isDeepStrictEqual(removed, added),
  );
  const after = carriedOut(lines, hunks).join(lineEnd);
  const result =
    text.trim() === "" ? codexConfig(provider) : after.endsWith("\n") ? after : `${after}${lineEnd}`;
  if (!says(result, expected(before, provider))) {
    throw new Failure(
      "configuration",
      `${path} can't be changed without touching something else in it; nothing was written. Put this into it yourself:\n${codexConfig(provider)}`,
      { path },
    );
  }
  const profile = overridingProfile(before);
  return { text: result, hunks, ...(profile !== undefined && { profile }) };
}

/** Integers beyond what a number holds stay what they are. */
const exact = { integersAsBigInt: "asNeeded" } as const;

/** Whether the text says exactly this. The parser's objects have no prototype. */
function says(text: string, wanted: Table): boolean {
  try {
    return isDeepStrictEqual(structuredClone(parse(text, exact)), structuredClone(wanted));
  } catch (error) {
    if (error instanceof TomlError) return false;
    throw error;
  }
}

function read(text: string, path: string): Table {
  try {
    return parse(text, exact) as Table;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const why = error.message.split("\n")[0];
    throw new Failure(
      "configuration",
      `${path}:${error.line}:${error.column}: ${why}. Mend it first; nothing was written.`,
      { path },
      { cause: error },
    );
  }
}

function expected(before: Table, provider: CodexProvider): Table {
  const own = parse(codexConfig(provider)) as { model_providers: Table };
  const others = before["model_providers"] as Table | undefined;
  return {
    ...before,
    model_provider: codexProviderName,
    model_providers: { ...others, ...own.model_providers },
  };
}

const header = /^\s*\[/u;

/** The line that chooses the provider; it has to stand before the first table. */
function rootHunk(lines: readonly string[]): Hunk {
  const chosen = `model_provider = ${JSON.stringify(codexProviderName)}`;
  const firstTable = lines.findIndex((line) => header.test(line));
  const root = firstTable < 0 ? lines : lines.slice(0, firstTable);
  const at = root.findIndex((line) => /^\s*(["']?)model_provider\1\s*=/u.test(line));
  if (at >= 0) {
    const line = root[at]!;
    const comment = /^[^#"']*=\s*(?:"[^"]*"|'[^']*')(\s*#.*)$/u.exec(line)?.[1] ?? "";
    return { at, removed: [line], added: [chosen + comment] };
  }
  const last = root.findLastIndex((line) => /^\s*[\w"'.-]+\s*=/u.test(line));
  if (last >= 0 && !/"""|'''|[[{]\s*(?:#.*)?$/u.test(root[last]!))
    return { at: last + 1, removed: [], added: [chosen] };
  return { at: 0, removed: [], added: [chosen, ""] };
}

/** The gateway's own table: in place of the one that is there, or at the end. */
function tableHunk(lines: readonly string[], provider: CodexProvider): Hunk {
  const table = codexProviderTable(provider).trimEnd().split("\n");
  const name = new RegExp(
    `^\\s*\\[\\s*(["']?)model_providers\\1\\s*\\.\\s*(["']?)${codexProviderName}\\2\\s*\\]`,
    "u",
  );
  const at = lines.findIndex((line) => name.test(line));
  if (at < 0) {
    const end = lines.at(-1) === "" ? lines.length - 1 : lines.length;
    return { at: end, removed: [], added: [...(lines[end - 1]?.trim() === "" ? [] : [""]), ...table] };
  }
  const next = lines.findIndex((line, index) => index > at && header.test(line));
  let end = next < 0 ? lines.length : next;
  // What stands right before the next table is that one's comment.
  while (end > at + 1 && /^\s*(?:#.*)?$/u.test(lines[end - 1]!)) end--;
  return { at, removed: lines.slice(at, end), added: table };
}

function carriedOut(lines: readonly string[], hunks: readonly Hunk[]): string[] {
  const result = [...lines];
  // From the end, so that the numbers of the lines before still hold; of two at one place the later one first.
  for (const { at, removed, added } of hunks.toReversed().sort((left, right) => right.at - left.at))
    result.splice(at, removed.length, ...added);
  return result;
}

function overridingProfile(config: Table): string | undefined {
  const { profile, profiles } = config;
  if (typeof profile !== "string") return undefined;
  const chosen = (profiles as Table | undefined)?.[profile] as Table | undefined;
  const provider = chosen?.["model_provider"];
  return provider !== undefined && provider !== codexProviderName ? profile : undefined;
}
