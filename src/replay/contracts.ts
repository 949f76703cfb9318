import { entryOf } from "../lib/table.ts";
import { Failure } from "../failure.ts";
import type { ReplayContract } from "./contract.ts";
import { anthropic } from "./contracts/anthropic.ts";
import { azure } from "./contracts/azure.ts";
import { chat } from "./contracts/chat.ts";
import { codex } from "./contracts/codex.ts";
import { copilot } from "./contracts/copilot.ts";
import { deepseek } from "./contracts/deepseek.ts";
import { gemini } from "./contracts/gemini.ts";
import { kimi } from "./contracts/kimi.ts";
import { openai } from "./contracts/openai.ts";
import { openaiStored } from "./contracts/openai-stored.ts";
import { proxy } from "./contracts/proxy.ts";
import { xai } from "./contracts/xai.ts";

/** Every replay contract by name, as `contract` in the configuration names it. */
export const contracts: Readonly<Record<string, ReplayContract>> = {
  openai,
  "openai-stored": openaiStored,
  codex,
  azure,
  xai,
  copilot,
  proxy,
  chat,
  deepseek,
  kimi,
  anthropic,
  gemini,
};

/** Throws `configuration` for a name that no contract has. */
export function contractNamed(name: string): ReplayContract {
  const contract = entryOf(contracts, name);
  if (contract) return contract;
  const known = Object.keys(contracts).join(", ");
  throw new Failure(
    "configuration",
    `There is no replay contract "${name}". Set contract to one of: ${known}.`,
    {},
  );
}

/**
 * The contract of a backend: the one that the configuration names, else the one that its kind and its base URL tell. Kinds:
 * `chat`, `anthropic`; any other speaks Responses. `store`: whether the provider is to keep the responses. An unknown URL is taken for an
 * endpoint like that of who defined the wire (decisions/0003-contract-for-unknown-base-urls.md).
 */
export function contractFor(backend: {
  kind?: string;
  baseUrl: string;
  contract?: string;
  store?: boolean;
}): ReplayContract {
  const { store, ...given } = backend;
  const found = unstored(given);
  if (store !== true || found.chain === "previous-response") return found;
  if (found === openai) return openaiStored;
  throw new Failure(
    "configuration",
    `store = true is known of the contract "openai" only, and ${given.baseUrl} has "${found.name}". Leave it out, or set contract = "openai".`,
    {},
  );
}

function unstored({ kind, baseUrl, contract }: Parameters<typeof contractFor>[0]): ReplayContract {
  if (contract !== undefined) return contractNamed(contract);
  if (kind === "anthropic") return anthropic;
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const known = (kind === "chat" ? chatHosts : responsesHosts).find(({ domains, path }) =>
    domains.some((domain) => isUnder(url, domain) && (path === undefined || url?.pathname.startsWith(path))),
  );
  return known?.contract ?? (kind === "chat" ? chat : openai);
}

interface KnownHost {
  readonly domains: readonly string[];
  readonly path?: string;
  readonly contract: ReplayContract;
}

const responsesHosts: readonly KnownHost[] = [
  { domains: ["chatgpt.com"], path: "/backend-api", contract: codex },
  {
    domains: ["openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"],
    contract: azure,
  },
  { domains: ["x.ai"], contract: xai },
  { domains: ["githubcopilot.com"], contract: copilot },
];

const chatHosts: readonly KnownHost[] = [
  { domains: ["deepseek.com"], contract: deepseek },
  { domains: ["moonshot.ai", "moonshot.cn", "kimi.com", "kimi.ai"], contract: kimi },
  { domains: ["generativelanguage.googleapis.com", "aiplatform.googleapis.com"], contract: gemini },
];

function isUnder(url: URL | undefined, domain: string): boolean {
  return url !== undefined && (url.hostname === domain || url.hostname.endsWith(`.${domain}`));
}
