import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse, TomlError } from "smol-toml";
import { isJsonObject, type JsonObject, objectOf } from "../../../lib/json.ts";
import { readText } from "../../../lib/open-file.ts";
import { isSystemError } from "../../../lib/system.ts";

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
