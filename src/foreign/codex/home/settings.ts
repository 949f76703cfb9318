import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse, TomlError } from "smol-toml";
import { isJsonObject, type JsonObject } from "../../../lib/json.ts";
import { readText } from "../../../lib/open-file.ts";
import { isSystemError } from "../../../lib/system.ts";

/** What a Codex home's `config.toml` says; nothing where it can't be read, which is Codex's to report when it is started. */
export function codexSettings(home: string): JsonObject {
  const path = join(home, "config.toml");
  if (!existsSync(path)) return {};
  try {
    const settings: unknown = parse(readText(path));
    return isJsonObject(settings) ? settings : {};
  } catch (error) {
    if (error instanceof TomlError || isSystemError(error)) return {};
    throw error;
  }
}

/** The provider that Codex begins new sessions of this home with. */
export function chosenProvider(home: string): string {
  const { profile, profiles, model_provider: provider } = codexSettings(home);
  const chosen = typeof profile === "string" && isJsonObject(profiles) ? profiles[profile] : undefined;
  const own = isJsonObject(chosen) ? chosen["model_provider"] : undefined;
  return [own, provider].find((name) => typeof name === "string") ?? "openai";
}
