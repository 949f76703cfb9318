import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { isJsonObject, type JsonObject, objectOf } from "../../../lib/json.ts";
import { readText } from "../../../lib/open-file.ts";
import { isSystemError, ownFolder } from "../../../lib/system.ts";
import { behindLinks, codexHome } from "./places.ts";

/** What a Codex home's `config.toml` says; nothing where it can't be read, which is Codex's to report when it is started. */
export function codexSettings(home: string): JsonObject {
  const path = join(home, "config.toml");
  if (!existsSync(path)) return {};
  try {
    return objectOf(parse(readText(path)));
  } catch (error) {
    if (error instanceof TomlError || isSystemError(error)) return {};
    throw error;
  }
}

/** The provider that Codex begins new sessions of this home with. */
export function chosenProvider(home: string): string {
  const { profile, profiles, model_provider: provider } = codexSettings(home);
  const chosen = typeof profile === "string" ? objectOf(profiles)[profile] : undefined;
  const { model_provider: own } = objectOf(chosen);
  return [own, provider].find((name) => typeof name === "string") ?? "openai";
}

/**
 * The folders that a home's databases may lie in, that of the command line first: `sqlite_home` of the settings is everybody's, and
 * `CODEX_SQLITE_HOME` the one of whoever was started with it, as the desktop app starts its server with `sqlite` in the home (0.169,
 * 2026-11-23).
 */
export function databaseFolders(home: string): string[] {
  const { sqlite_home: everybodys } = codexSettings(home);
  if (typeof everybodys === "string") return [resolve(home, underOwnFolder(everybodys))];
  const { CODEX_SQLITE_HOME: named, ...others } = process.env;
  const isNamed =
    named !== undefined && named.trim() !== "" && behindLinks(codexHome(others)) === behindLinks(home);
  const folders = [...(isNamed ? [resolve(underOwnFolder(named))] : []), home, join(home, "sqlite")];
  return [...new Map(folders.map((folder) => [behindLinks(folder), folder])).values()];
}

const underOwnFolder = (path: string): string => path.replace(/^~(?=\/|$)/u, ownFolder());

/** Codex's own providers (0.130 and 0.169, 2026-11). */
const builtIn: ReadonlySet<string> = new Set(["openai", "ollama", "lmstudio", "amazon-bedrock"]);

/**
 * Whether a home's settings have a provider, as far as they tell: a folder without any is hardly where somebody works with Codex, and what
 * a command line, a profile or the system adds isn't seen.
 */
export function mayHaveProvider(home: string, provider: string): boolean {
  const { model_providers: own, ...others } = codexSettings(home);
  if (builtIn.has(provider) || (own === undefined && Object.keys(others).length === 0)) return true;
  return isJsonObject(own) && Object.hasOwn(own, provider);
}
