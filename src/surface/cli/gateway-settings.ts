import { join } from "node:path";
import { Failure } from "../../failure.ts";
import { type CodexProvider, usualTokenVariable } from "../../gateway/codex/codex-config.ts";
import type { GatewayOptions, UpstreamOptions } from "../../gateway/server.ts";
import { type Config, keyIn, readConfig } from "../config.ts";
import { type Invocation, optionList, optionText } from "../command/command.ts";

/** What a gateway is started with, and what Codex has to know of it. */
interface GatewaySettings {
  gateway: GatewayOptions;
  codex: CodexProvider;
}

const usualPort = 8_790;

/** The gateway's settings: from the options, and from the configuration where there is no option. */
export function gatewaySettings(invocation: Invocation): GatewaySettings {
  const { environment, folder } = invocation;
  const home = optionText(invocation, "home");
  const config = readConfig({ ...(home !== undefined && { home }) }, environment, folder);
  const own = config.gateway;
  const listen = optionText(invocation, "listen");
  const { host, port } = listenAddress(
    listen ?? own.listen ?? String(usualPort),
    listen === undefined ? "listen in [gateway] of config.toml" : "--listen",
  );
  const asked = optionList(invocation, "upstream");
  const names = asked.length > 0 ? asked : (own.upstreams ?? ["openai"]);
  const found = names.map((name) => upstreamNamed(name, config, environment));
  const token = tokenOf(invocation, own.token_env);
  const allowedHosts = [...(own.allow_hosts ?? []), ...optionList(invocation, "allowHost")];
  for (const name of allowedHosts) refuseNoHost(name);
  return {
    gateway: {
      host,
      port,
      upstreams: found.map(({ upstream }) => upstream),
      ...(token !== undefined && { token }),
      allowedHosts,
      allowedOrigins: [...(own.allow_origins ?? []), ...optionList(invocation, "allowOrigin")],
      ledger: join(config.home, "gateway", "ledger.sqlite"),
      waitForLimits: invocation.options["waitForLimits"] === true || own.wait_for_limits === true,
      idleMs: config.idleTimeoutMs,
    },
    codex: {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${port}/v1`,
      upstream: found[0]?.upstream.url ?? "",
      credential: found[0]?.credential ?? { kind: "login" },
      ...(token !== undefined && { tokenVariable: own.token_env ?? usualTokenVariable }),
    },
  };
}

/** What goes into Codex's configuration for this gateway. Throws `usage` without a fixed port: the address has to be the same tomorrow. */
export function lasting({ gateway, codex }: GatewaySettings): CodexProvider {
  if (gateway.port !== 0) return codex;
  throw new Failure(
    "usage",
    "With --listen 0 the gateway has another port each time, and Codex needs one that stays. Nothing was written: give --listen a port.",
    {},
  );
}

/** The token that clients must send. Throws where the configuration names a variable for it that isn't set, rather than serve without one. */
function tokenOf(invocation: Invocation, named: string | undefined): string | undefined {
  const token = optionText(invocation, "token") ?? keyIn(invocation.environment, named ?? usualTokenVariable);
  if (token !== undefined || named === undefined) return token;
  throw new Failure(
    "configuration",
    `The gateway has no token: token_env in [gateway] of config.toml names ${named}, which is not set. Set it, or give --token.`,
    {},
  );
}

function refuseNoHost(name: string): void {
  if (/^[^\s/:@]+$|^\[[^\s/@]+\]$/u.test(name)) return;
  throw new Failure(
    "usage",
    `--allow-host takes the name of a host alone, like gateway.internal, not "${name}".`,
    {},
  );
}

function listenAddress(text: string, what: string): { host: string; port: number } {
  const [, host = "127.0.0.1", digits = ""] = /^(?:(.+):)?(\d{1,5})$/u.exec(text) ?? [];
  const port = Number(digits);
  if (digits === "" || port > 65_535)
    throw new Failure("usage", `${what} takes a port or host:port, not "${text}".`, {});
  return { host: host.replace(/^\[|\]$/gu, ""), port };
}

/** Reads an upstream: a base URL, `URL#VARIABLE`, or a provider of the configuration. A key is read only from the variable that is named for it. */
function upstreamNamed(
  name: string,
  config: Config,
  environment: Invocation["environment"],
): { upstream: UpstreamOptions; credential: CodexProvider["credential"] } {
  const [url = "", variable] = name.split("#", 2);
  if (/^https?:\/\//iu.test(url) && URL.canParse(url)) {
    if (variable === undefined || variable === "") {
      const { hostname } = new URL(url);
      const isOpenai = /(?:^|\.)(?:openai|chatgpt)\.com$/iu.test(hostname);
      return {
        upstream: { url },
        credential: isOpenai ? { kind: "login" } : { kind: "variable", name: "OPENAI_API_KEY" },
      };
    }
    return { upstream: { url, key: neededKey(variable, url, environment) }, credential: { kind: "gateway" } };
  }
  const provider = config.providers[name];
  if (!provider || provider.kind !== "responses") {
    const known = Object.values(config.providers).flatMap(({ name: candidate, kind }) =>
      kind === "responses" ? [candidate] : [],
    );
    throw new Failure(
      "usage",
      `--upstream takes a base URL like https://api.openai.com/v1, or a provider that speaks Responses (${known.join(", ")}), not "${name}".`,
      {},
    );
  }
  const { baseUrl, keyVariable } = provider;
  // For the built-in provider the client's own login is passed on.
  if (keyVariable === undefined || name === "openai")
    return { upstream: { url: baseUrl }, credential: { kind: "login" } };
  const key = neededKey(keyVariable, name, environment);
  return { upstream: { url: baseUrl, key }, credential: { kind: "gateway" } };
}

function neededKey(variable: string, upstream: string, environment: Invocation["environment"]): string {
  const key = keyIn(environment, variable);
  if (key !== undefined) return key;
  // A key in the place of its variable's name is not to stand in a log.
  const named = /^[A-Z_a-z]\w*$/u.test(variable)
    ? `set ${variable}`
    : "after # stands the name of a variable";
  throw new Failure("configuration", `The upstream ${upstream} needs a key: ${named}.`, {});
}
