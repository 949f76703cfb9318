import { Failure } from "../failure.ts";
import type { ReplayContract } from "./contract.ts";
import { azure } from "./contracts/azure.ts";
import { codex } from "./contracts/codex.ts";
import { copilot } from "./contracts/copilot.ts";
import { openai } from "./contracts/openai.ts";
import { proxy } from "./contracts/proxy.ts";
import { xai } from "./contracts/xai.ts";

/** Every replay contract by name, as `contract` in the configuration names it. */
export const contracts: Readonly<Record<string, ReplayContract>> = {
  openai,
  codex,
  azure,
  xai,
  copilot,
  proxy,
};

/** Throws `configuration` for a name that no contract has. */
export function contractNamed(name: string): ReplayContract {
  const contract = Object.hasOwn(contracts, name) ? contracts[name] : undefined;
  if (contract) return contract;
  const known = Object.keys(contracts).join(", ");
  throw new Failure(
    "configuration",
    `There is no replay contract "${name}". Set contract to one of: ${known}.`,
    {},
  );
}

/**
 * The contract of a backend: the one that the configuration names, else the one that its base URL tells. An unknown URL is taken for a
 * Responses endpoint like OpenAI's own (decisions/0003-contract-for-unknown-base-urls.md).
 */
export function contractFor(backend: { baseUrl: string; contract?: string }): ReplayContract {
  if (backend.contract !== undefined) return contractNamed(backend.contract);
  if (!URL.canParse(backend.baseUrl)) return openai;
  const { hostname, pathname } = new URL(backend.baseUrl);
  const isUnder = (domain: string): boolean => hostname === domain || hostname.endsWith(`.${domain}`);
  if (hostname === "chatgpt.com" && pathname.startsWith("/backend-api")) return codex;
  if (
    isUnder("openai.azure.com") ||
    isUnder("services.ai.azure.com") ||
    isUnder("cognitiveservices.azure.com")
  )
    return azure;
  if (isUnder("x.ai")) return xai;
  if (isUnder("githubcopilot.com")) return copilot;
  return openai;
}
