/** What Codex has to know of a gateway. */
export interface CodexProvider {
  /** The gateway's base URL, with `/v1`. */
  readonly url: string;
  /** The base URL of what the gateway stands in front of, the first of them. */
  readonly upstream: string;
  /**
   * Where the upstream's credential comes from: `login` is Codex's own (a ChatGPT login or the key that it was given), a variable's name is
   * read by Codex, and `gateway` means that the gateway has it.
   */
  readonly credential: { kind: "login" } | { kind: "variable"; name: string } | { kind: "gateway" };
  /** The variable that Codex reads the token from that the gateway asks for; absent: it asks for none. */
  readonly tokenVariable?: string;
}

/** The provider's name in Codex's configuration. */
export const codexProviderName = "throughline";

/** The variable that holds the gateway's token, unless `token_env` names another. */
export const usualTokenVariable = "THROUGHLINE_GATEWAY_TOKEN";

/** The table of a provider in Codex's `config.toml` (codex-rs `ModelProviderInfo`, 2026-11). */
export function codexProviderTable({ url, credential, tokenVariable }: CodexProvider): string {
  const lines = [
    `[model_providers.${codexProviderName}]`,
    'name = "Throughline gateway"',
    `base_url = ${JSON.stringify(url)}`,
    'wire_api = "responses"',
    "supports_websockets = false",
  ];
  if (credential.kind === "login") lines.push("requires_openai_auth = true");
  if (credential.kind === "variable") lines.push(`env_key = ${JSON.stringify(credential.name)}`);
  if (tokenVariable !== undefined)
    lines.push(`env_http_headers = { "x-throughline-token" = ${JSON.stringify(tokenVariable)} }`);
  return `${lines.join("\n")}\n`;
}

/**
 * Whether Codex's own provider `openai` can be led through the gateway: it sends its login and nothing that a configuration names.
 *
 * That is the better way, because a session keeps the provider that it was made with: 0.169 refuses `codex exec resume` when the
 * configuration names another ("Cannot change this thread's model provider"), and its terminal interface goes past the gateway to the
 * session's own. The key `openai_base_url` is read by 0.130 to 0.169 (measured 2026-11), and not yet by 0.111.
 */
export function isForOwnProvider({ credential, tokenVariable }: CodexProvider): boolean {
  return credential.kind === "login" && tokenVariable === undefined;
}

/** The text of a `config.toml` that holds nothing but the gateway. */
export function codexConfig(provider: CodexProvider): string {
  return isForOwnProvider(provider)
    ? `openai_base_url = ${JSON.stringify(provider.url)}\n`
    : gatewayAsProvider(provider);
}

/** The lines that make the gateway a provider of its own, and choose it. */
export function gatewayAsProvider(provider: CodexProvider): string {
  return `model_provider = "${codexProviderName}"\n\n${codexProviderTable(provider)}`;
}
