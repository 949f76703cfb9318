import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isLoopback } from "../lib/loopback.ts";
import { printableLine } from "../lib/printable.ts";
import { isSameFile, ownFolder } from "../lib/system.ts";
import { Failure } from "../failure.ts";
import { contractFor } from "../replay/contracts.ts";
import type { Provider } from "../provider.ts";
import { openCatalog } from "../store/catalog/catalog.ts";
import type { Watching } from "../store/folder/acquire.ts";
import { folderStore } from "../store/folder/folder-store.ts";
import type { SessionStore } from "../store.ts";
import { type ConfigFile, fileSchema, hasNoLogin, readConfigFile, workspaceSchema } from "./config-file.ts";
import { packageVersion } from "./version.ts";

export type { Watching } from "../store/folder/acquire.ts";

/** A provider of the configuration: which wire it speaks, where it is, and where its key comes from. */
export interface ProviderSettings {
  name: string;
  kind: "responses" | "chat" | "anthropic" | "simulator";
  baseUrl: string;
  /** The name of the environment variable that holds the key; the key itself is read when the provider is made. */
  keyVariable?: string;
  contract?: string;
  store?: boolean;
}

/** The configuration as it holds for one command, all its sources put together (`readConfig`). */
export interface Config {
  /** Absolute path of the folder in which sessions live. */
  home: string;
  /** The name of the provider that is asked, one of `providers`. */
  provider: string;
  providers: Readonly<Record<string, ProviderSettings>>;
  model: string;
  effort?: string;
  approval: "ask" | "all" | "none";
  /** Without a byte from the provider for so long (milliseconds) a stream counts as dead. */
  idleTimeoutMs: number;
  /** Tokens from which on the context is summarised; absent: by the model's known window. */
  compactAt?: number;
  /** Environment variables that tools see although they look like secrets. Keys of providers are never passed to tools. */
  passEnv: readonly string[];
  /** The gateway's settings where its options say nothing. */
  gateway: Readonly<NonNullable<ConfigFile["gateway"]>>;
  /**
   * Which of `provider`, `model`, `effort` and `approval` were asked for on the command line or in the environment: they override what a
   * resumed session has.
   */
  chosen: ReadonlySet<string>;
  /** The path of the workspace's own file, when it exists and nobody has said whether to trust it: then it is not read. */
  undecided?: string;
}

/** The options of a command line that the configuration takes up. */
export interface ConfigOptions {
  home?: string;
  provider?: string;
  model?: string;
  effort?: string;
  approval?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder in which sessions live: `--home`, else `THROUGHLINE_HOME`, else `~/.throughline`. Throws `usage` or `configuration` for an empty
 * path, which would mean the current folder.
 */
export function homeFolder(options: ConfigOptions, environment: Environment): string {
  if (options.home === "")
    throw new Failure("usage", "--home names no folder: what was given is empty. Nothing was done.", {});
  const named = options.home ?? valueOf(environment, "THROUGHLINE_HOME");
  if (named !== undefined) return resolve(named);
  const own = ownFolder();
  if (own !== "") return join(own, ".throughline");
  throw new Failure(
    "configuration",
    "HOME is empty or not set, so that there is no folder for sessions. Set it, or name a folder with --home DIR or THROUGHLINE_HOME.",
    {},
  );
}

/** Words for a workspace's file that isn't read (`undecided`), told before a turn runs without it. */
export function undecidedWords({ home }: Config, folder: string): string {
  const entry = printableLine(`[workspaces.${JSON.stringify(folder)}]`, 300);
  return `.throughline/config.toml of this folder is not read: ${join(home, "config.toml")} has no ${entry} with trusted = true (or false)`;
}

/** A variable's value; `undefined` also where it is empty. */
function valueOf(environment: Environment, variable: string): string | undefined {
  return environment[variable] === "" ? undefined : environment[variable];
}

/**
 * Reads the configuration: the home's `config.toml`, overridden by `.throughline/config.toml` of a trusted workspace, by the environment,
 * by options. Throws `configuration` with the file, the line and what is allowed there.
 */
export function readConfig(options: ConfigOptions, environment: Environment, folder: string): Config {
  const home = homeFolder(options, environment);
  const own = readConfigFile(join(home, "config.toml"), fileSchema);
  const trusted = own.workspaces?.[folder]?.trusted;
  const localPath = join(folder, ".throughline", "config.toml");
  const isOther = !isSameFile(localPath, join(home, "config.toml"));
  const local: ConfigFile = trusted === true && isOther ? readConfigFile(localPath, workspaceSchema) : {};
  const isUndecided = trusted === undefined && isOther && existsSync(localPath);
  const approval =
    options.approval ??
    valueOf(environment, "THROUGHLINE_APPROVAL") ??
    local.approval ??
    own.approval ??
    "ask";
  if (approval !== "ask" && approval !== "all" && approval !== "none") {
    const where = options.approval === undefined ? "THROUGHLINE_APPROVAL" : "--approval";
    throw new Failure("usage", `${where} takes ask, all or none, not "${approval}".`, {});
  }
  const compactAt = local.compact_at ?? own.compact_at;
  const effort = options.effort ?? local.effort ?? own.effort;
  return {
    home,
    provider: options.provider ?? local.provider ?? own.provider ?? "openai",
    providers: providerTable(own, local, environment),
    model:
      options.model ?? valueOf(environment, "THROUGHLINE_MODEL") ?? local.model ?? own.model ?? "gpt-5.5",
    ...(effort !== undefined && { effort }),
    approval,
    idleTimeoutMs: (local.stream_idle_timeout ?? own.stream_idle_timeout ?? 300) * 1_000,
    ...(compactAt !== undefined && { compactAt }),
    passEnv: local.pass_env ?? own.pass_env ?? [],
    gateway: own.gateway ?? {},
    chosen: chosen(options, environment),
    ...(isUndecided && { undecided: localPath }),
  };
}

function chosen(options: ConfigOptions, environment: Environment): Set<string> {
  const names = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (environment["THROUGHLINE_MODEL"]) names.push("model");
  if (environment["THROUGHLINE_APPROVAL"]) names.push("approval");
  return new Set(names);
}

function providerTable(
  own: ConfigFile,
  local: ConfigFile,
  environment: Environment,
): Record<string, ProviderSettings> {
  const openai = "https://api.openai.com/v1";
  const anthropic = "https://api.anthropic.com";
  const fromEnvironment: Readonly<Record<string, string | undefined>> = {
    openai: urlFrom(environment, "OPENAI_BASE_URL", openai, "without /responses"),
    anthropic: urlFrom(environment, "ANTHROPIC_BASE_URL", anthropic, "without /v1/messages"),
  };
  const builtIn: readonly ProviderSettings[] = [
    { name: "openai", kind: "responses", baseUrl: openai, keyVariable: "OPENAI_API_KEY" },
    { name: "anthropic", kind: "anthropic", baseUrl: anthropic, keyVariable: "ANTHROPIC_API_KEY" },
    { name: "simulator", kind: "simulator", baseUrl: "http://127.0.0.1" },
  ];
  // Without a prototype, so that looking up "constructor" finds no provider.
  const table = Object.create(null) as Record<string, ProviderSettings>;
  for (const provider of builtIn)
    table[provider.name] = { ...provider, baseUrl: fromEnvironment[provider.name] ?? provider.baseUrl };
  for (const [name, given] of Object.entries({ ...own.providers, ...local.providers })) {
    table[name] = {
      name,
      kind: given.kind,
      baseUrl: (name in table ? fromEnvironment[name] : undefined) ?? given.base_url,
      ...(given.env_key !== undefined && { keyVariable: given.env_key }),
      ...(given.contract !== undefined && { contract: given.contract }),
      ...(given.store !== undefined && { store: given.store }),
    };
  }
  return table;
}

function urlFrom(
  environment: Environment,
  variable: string,
  usual: string,
  without: string,
): string | undefined {
  const given = valueOf(environment, variable);
  if (given === undefined) return undefined;
  if (/^https?:/u.test(given) && URL.canParse(given) && hasNoLogin(given)) return given;
  throw new Failure(
    "configuration",
    `${variable} is not the URL of an endpoint${given.includes("@") ? "" : `: "${given}"`}. It looks like ${usual}, ${without} and without a password in it.`,
    {},
  );
}

/** Opens the home's store, with its catalogue for lists. `troubles`: what was wrong with the catalogue and was mended, one line each. */
export function openStore(
  { home }: Pick<Config, "home">,
  watching: Watching = {},
): { store: SessionStore; troubles: readonly string[] } {
  const listing = openCatalog(home);
  const store = folderStore(home, { version: packageVersion(), listing, watching });
  return { store, troubles: listing.troubles };
}

/** A provider, and how what was made for it is closed (the simulator in this process, say). */
export interface MadeProvider {
  provider: Provider;
  close(): Promise<void>;
}

/** The settings of the provider of that name. Throws `configuration` when there is none, or when its key is missing. */
export function checkProvider(
  { providers, home }: Config,
  name: string,
  environment: Environment,
): ProviderSettings {
  const settings = providers[name];
  if (!settings) {
    const known = Object.keys(providers).join(", ");
    const message = `There is no provider "${name}". Known: ${known}. Choose one of them with --provider, or put it into ${home}/config.toml as [providers.${name}].`;
    throw new Failure("configuration", message, {});
  }
  const { kind, baseUrl, keyVariable } = settings;
  const isOpen = kind === "simulator" || keyVariable === undefined || isLoopback(new URL(baseUrl).hostname);
  const key = keyVariable === undefined ? undefined : keyIn(environment, keyVariable);
  if (!isOpen && key === undefined) {
    const message = `Provider "${name}" needs a key: set ${keyVariable}. (--provider simulator needs none.)`;
    throw new Failure("configuration", message, {});
  }
  return settings;
}

/**
 * The key that a variable holds, without white space around it, which files and clipboards leave there; `undefined` where there is none.
 * Throws `configuration` for characters that no HTTP header takes: sending them would fail like a broken connection.
 */
export function keyIn(environment: Environment, variable: string): string | undefined {
  const key = environment[variable]?.trim() ?? "";
  if (/[^\x20-\x7e]/u.test(key))
    throw new Failure(
      "configuration",
      `${variable} holds no key: there is a line break or a letter in it that no key has. Nothing was sent. Set it anew.`,
      {},
    );
  return key === "" ? undefined : key;
}

/** Throws `usage` for a scenario without the simulator, so that a prompt meant for the simulator isn't sent to a provider that costs money. */
export function checkScenario({ providers }: Config, name: string, scenario: string | undefined): void {
  if (scenario === undefined || providers[name]?.kind === "simulator") return;
  throw new Failure(
    "usage",
    `--scenario is for the simulator, and this goes to "${name}". Nothing was sent: add --provider simulator, or leave it out.`,
    {},
  );
}

/** Makes the provider of that name. Throws as `checkProvider` does. */
export async function makeProvider(
  config: Config,
  name: string,
  environment: Environment,
  scenario?: string,
): Promise<MadeProvider> {
  const settings = checkProvider(config, name, environment);
  if (settings.kind === "simulator") return simulated(config, scenario);
  const { baseUrl, keyVariable } = settings;
  const contract = contractFor(settings).name;
  const apiKey = keyVariable === undefined ? undefined : keyIn(environment, keyVariable);
  const wire = await wires[settings.kind]();
  const options = { name, baseUrl, contract, idleTimeoutMs: config.idleTimeoutMs };
  return { provider: wire({ ...options, ...(apiKey && { apiKey }) }), close: () => Promise.resolve() };
}

/** The wires, imported only when they are needed, so that lists needn't wait for them. */
const wires = {
  responses: async () => (await import("../provider/responses/provider.ts")).responsesProvider,
  chat: async () => (await import("../provider/chat/provider.ts")).chatProvider,
  anthropic: async () => (await import("../provider/anthropic/provider.ts")).anthropicProvider,
};

/** Begins to import a provider's wire ahead of `makeProvider`, which reports what goes wrong. */
export function loadProvider({ providers }: Config, name: string): void {
  const kind = providers[name]?.kind;
  if (kind !== undefined && kind !== "simulator") wires[kind]().catch(() => undefined);
}

/** A simulator in this process, with a provider for it. Its key and issuer never change, so that a resumed session's seals still open. */
async function simulated(config: Config, scenario: string | undefined): Promise<MadeProvider> {
  const { loadScenario, startSimulator } = await import("../simulator/server.ts");
  const { responsesProvider } = await import("../provider/responses/provider.ts");
  const simulator = await startSimulator({
    keySeed: "built-in",
    ...(scenario !== undefined && { scenario: await loadScenario(scenario) }),
  });
  const wire = responsesProvider({
    name: "simulator",
    baseUrl: simulator.url,
    contract: "openai",
    idleTimeoutMs: config.idleTimeoutMs,
  });
  const provider: Provider = {
    name: wire.name,
    contract: wire.contract,
    issuer: "simulator",
    stream: (request, signal) => wire.stream(request, signal),
  };
  return { provider, close: () => simulator.close() };
}
