import { isDeepStrictEqual } from "node:util";
import { parse, TomlError } from "smol-toml";
import { Failure } from "../../failure.ts";
import { isJsonObject, type JsonObject } from "../../lib/json.ts";
import {
  codexConfig,
  type CodexProvider,
  codexProviderName,
  codexProviderTable,
  gatewayAsProvider,
  isForOwnProvider,
} from "./codex-config.ts";

/** One change of a file: from line `at` on (counted from 0), the lines `removed` give way to `added`. */
export interface Hunk {
  readonly at: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/**
 * Where Codex's configuration names the gateway. A session keeps the provider that it was made with, so a provider whose address can be
 * changed keeps its name: Codex's own (`openai`), or the one that is chosen, where the gateway stands in front of just that. Else the
 * gateway is a provider of its own (`gateway`), which sessions of others are not led to.
 */
type Place = { kind: "openai" } | { kind: "chosen"; name: string } | { kind: "gateway" };

/** The changed configuration, and what there is to say of it. */
export interface CodexEdit {
  /** The whole file as it is to be. */
  readonly text: string;
  readonly hunks: readonly Hunk[];
  readonly place: Place["kind"];
  /**
   * The address of the provider that was chosen until now, where the gateway stands in front of another: what went there goes elsewhere
   * now.
   */
  readonly replaced?: string;
  /** The profile that is chosen, where it names another provider: then that one counts, and not the gateway. */
  readonly profile?: string;
}

type Table = JsonObject;

/** The table of this name in another; `undefined` where there is none, or no table. */
function tableIn(table: Table | undefined, name: string): Table | undefined {
  const found = table?.[name];
  return isJsonObject(found) ? found : undefined;
}

/**
 * Codex's `config.toml` with the gateway in front of its provider: one address changes, or the line `model_provider` and the gateway's own
 * table, and everything else stays as it is, comments included. What comes out is read again; anything else that changed is a failure
 * ("configuration"), as is a file that can't be read. `path` is for the words.
 */
export function withCodexProvider(text: string, provider: CodexProvider, path: string): CodexEdit {
  const before = read(text, path);
  const place = placeFor(before, provider);
  const lineEnd = /\r\n/u.test(text) && !/(?:^|[^\r])\n/u.test(text) ? "\r\n" : "\n";
  const lines = text.split(lineEnd);
  const wanted = expected(before, place, provider);
  const found = [false, true]
    .map((isFirst) => {
      const hunks = hunksFor(place, lines, provider, isFirst).filter(
        ({ removed, added }) => !isDeepStrictEqual(removed, added),
      );
      const after = carriedOut(lines, hunks).join(lineEnd);
      const result =
        text.trim() === "" ? codexConfig(provider) : after.endsWith("\n") ? after : `${after}${lineEnd}`;
      return { result, hunks };
    })
    .find(({ result }) => says(result, wanted));
  if (!found) {
    throw new Failure(
      "configuration",
      `${path} can't be changed without touching something else in it; nothing was written. Put this into it yourself:\n${linesToWrite(place, provider)}`,
      { path },
    );
  }
  const address = chosenAddress(before);
  const replaced = address !== undefined && !isAhead(address, provider) ? address : undefined;
  const profile = overridingProfile(before, place);
  return {
    text: found.result,
    hunks: found.hunks,
    place: place.kind,
    ...(replaced !== undefined && { replaced }),
    ...(profile !== undefined && { profile }),
  };
}

/** Where the configuration is to name the gateway (`Place`). */
function placeFor(config: Table, provider: CodexProvider): Place {
  const name = chosenName(config);
  const address = chosenAddress(config);
  const isOwn = name === "openai";
  if (address !== undefined && provider.tokenVariable === undefined && isAhead(address, provider))
    return isOwn ? { kind: "openai" } : { kind: "chosen", name };
  return isOwn && isForOwnProvider(provider) ? { kind: "openai" } : { kind: "gateway" };
}

/** Whether the address is the gateway's, or that of what it stands in front of. */
function isAhead(address: string, { url, upstream }: CodexProvider): boolean {
  return [url, upstream].some((each) => each.replace(/\/+$/u, "") === address.replace(/\/+$/u, ""));
}

function chosenName(config: Table): string {
  const { model_provider: name } = config;
  return typeof name === "string" ? name : "openai";
}

/** The base URL of the provider that is chosen, where the file says it and it isn't the gateway's own. */
function chosenAddress(config: Table): string | undefined {
  const name = chosenName(config);
  if (name === codexProviderName) return undefined;
  const table = tableIn(tableIn(config, "model_providers"), name);
  // A table called `openai` doesn't change Codex's own provider.
  const address = name === "openai" ? config["openai_base_url"] : table?.["base_url"];
  return typeof address === "string" ? address : undefined;
}

/** `isFirst`: a key of no table goes before everything else, which is right whatever stands in texts of several lines. */
function hunksFor(place: Place, lines: readonly string[], provider: CodexProvider, isFirst: boolean): Hunk[] {
  if (place.kind === "chosen") return addressHunk(lines, place.name, provider.url);
  const root = (key: string, value: string): Hunk => {
    const line = `${key} = ${JSON.stringify(value)}`;
    return isFirst ? { at: 0, removed: [], added: [line, ""] } : rootHunk(lines, key, line);
  };
  if (place.kind === "openai") return [root("openai_base_url", provider.url)];
  return [root("model_provider", codexProviderName), tableHunk(lines, provider)];
}

/** The lines for the person to put into the file. */
function linesToWrite(place: Place, provider: CodexProvider): string {
  if (place.kind === "chosen")
    return `[model_providers.${place.name}]\nbase_url = ${JSON.stringify(provider.url)}\n`;
  return place.kind === "openai" ? codexConfig(provider) : gatewayAsProvider(provider);
}

/** Integers that are too large for a number stay exact. */
const exact = { integersAsBigInt: "asNeeded" } as const;

/** Whether the text says exactly this. (Both are cloned, since the parser's objects have no prototype, in which they would differ.) */
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

/** What the file has to say after the change. */
function expected(before: Table, place: Place, provider: CodexProvider): Table {
  const { url } = provider;
  if (place.kind === "openai") return { ...before, openai_base_url: url };
  const others = tableIn(before, "model_providers");
  if (place.kind === "chosen") {
    const chosen = tableIn(others, place.name);
    return { ...before, model_providers: { ...others, [place.name]: { ...chosen, base_url: url } } };
  }
  const own = tableIn(parse(gatewayAsProvider(provider)), "model_providers");
  return {
    ...before,
    model_provider: codexProviderName,
    model_providers: { ...others, ...own },
  };
}

const header = /^\s*\[/u;

/**
 * The change that sets a key before the first table: in its own line, or in a new one after the other keys, or first of all where the last
 * of them may go on over several lines.
 */
function rootHunk(lines: readonly string[], key: string, wantedLine: string): Hunk {
  const firstTable = lines.findIndex((line) => header.test(line));
  const root = firstTable < 0 ? lines : lines.slice(0, firstTable);
  const at = root.findIndex((line) => isKey(line, key));
  if (at >= 0) return { at, removed: [root[at]!], added: [wantedLine + commentOf(root[at]!)] };
  const last = root.findLastIndex((line) => /^\s*[\w"'.-]+\s*=/u.test(line));
  if (last >= 0 && !/"""|'''|[[{]\s*(?:#.*)?$/u.test(root[last]!))
    return { at: last + 1, removed: [], added: [wantedLine] };
  return { at: 0, removed: [], added: [wantedLine, ""] };
}

const isKey = (line: string, key: string): boolean =>
  new RegExp(`^\\s*(["']?)${key}\\1\\s*=`, "u").test(line);

/** The comment of a line whose value is a string, with the blanks before its `#`; empty when there is none. */
const commentOf = (line: string): string =>
  /^[^#"']*(?:(["'])[\w.-]+\1\s*)?=\s*(?:"[^"]*"|'[^']*')(\s*#.*)$/u.exec(line)?.[2] ?? "";

/** The change of `base_url` in the table of a provider; none where the table or the key is written in another way. */
function addressHunk(lines: readonly string[], name: string, url: string): Hunk[] {
  const table = lines.findIndex((line) => isTableOf(line, name));
  if (table < 0) return [];
  const next = lines.findIndex((line, index) => index > table && header.test(line));
  const at = lines.findIndex(
    (line, index) => index > table && (next < 0 || index < next) && isKey(line, "base_url"),
  );
  if (at < 0) return [];
  const line = lines[at]!;
  return [{ at, removed: [line], added: [`base_url = ${JSON.stringify(url)}${commentOf(line)}`] }];
}

function isTableOf(line: string, name: string): boolean {
  const found = /^\s*\[\s*(["']?)model_providers\1\s*\.\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*\]/u.exec(line);
  return found !== null && (found[2] ?? found[3] ?? found[4]) === name;
}

/** The change that writes the gateway's own table, in place of the one that is there or at the end. */
function tableHunk(lines: readonly string[], provider: CodexProvider): Hunk {
  const table = codexProviderTable(provider).trimEnd().split("\n");
  const at = lines.findIndex((line) => isTableOf(line, codexProviderName));
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
  // From the end, so that the numbers of the lines before it still hold; of two changes at one place the later one first.
  for (const { at, removed, added } of hunks.toReversed().sort((left, right) => right.at - left.at))
    result.splice(at, removed.length, ...added);
  return result;
}

/** The chosen profile, where it names another provider than the place that is written to. */
function overridingProfile(config: Table, place: Place): string | undefined {
  const { profile } = config;
  if (typeof profile !== "string") return undefined;
  const provider = tableIn(tableIn(config, "profiles"), profile)?.["model_provider"];
  const own = place.kind === "gateway" ? codexProviderName : chosenName(config);
  return provider !== undefined && provider !== own ? profile : undefined;
}
