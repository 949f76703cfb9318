/** Where endpoints that speak Chat Completions differ in what they take. */
export interface ChatDialect {
  /** `prompt_cache_key` is taken: OpenAI (API reference, 2025-08 to 2026-11). Others refuse members that they don't know. */
  readonly cacheKey: boolean;
  /**
   * Call ids have exactly nine letters and digits: "Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9." (Mistral, 2024-06 to
   * 2026).
   */
  readonly shortCallIds: boolean;
  /** Thought signatures go back in `extra_content.google` of their call (Gemini's OpenAI compatibility, documented 2025-11). */
  readonly thoughtSignatures: boolean;
  /**
   * Every assistant message has `reasoning_content`, that of another backend too: "The `reasoning_content` in the thinking mode must be passed
   * back to the API." (DeepSeek V4: a message without it is refused, and so is an empty one; a space is taken;
   * github.com/NousResearch/hermes-agent/pull/18263, 2026-05), "thinking is enabled but reasoning_content is missing in assistant tool call message"
   * (Kimi K2.5, 2026-01 to 2026-06).
   */
  readonly reasoningRequired: boolean;
  /**
   * Roles alternate strictly: "Unexpected role 'user' after role 'tool'" (Mistral, code 3230; github.com/NousResearch/hermes-agent/issues/20154,
   * 2026-05), "conversation roles must alternate" (github.com/charmbracelet/crush/issues/279, 2026-01).
   */
  readonly strictRoles: boolean;
  /**
   * A request that ends with the assistant is refused, or taken for the beginning of the next answer: "Assistant response prefill is
   * incompatible with enable_thinking." (llama.cpp and vLLM with thinking templates; github.com/anomalyco/opencode/issues/27920, 2026-05),
   * "Expected last role User or Tool" (Mistral).
   */
  readonly endsOnUser: boolean;
}

/** What a model demands wherever it is served: Mistral's tokenizer checks call ids and roles in vLLM and behind gateways too. */
export function dialectOfModel(dialect: ChatDialect, model: string): ChatDialect {
  const isMistral = /m(?:in)?istral|devstral|magistral|codestral|pixtral/iu.test(model);
  return isMistral ? { ...dialect, shortCallIds: true, strictRoles: true, endsOnUser: true } : dialect;
}

/** The dialect that a base URL tells, or the replay contract of an endpoint behind a gateway. */
export function dialectOf(baseUrl: string, contract?: string): ChatDialect {
  const { hostname } = new URL(baseUrl);
  const isUnder = (domain: string): boolean => hostname === domain || hostname.endsWith(`.${domain}`);
  return {
    cacheKey: isUnder("openai.com"),
    shortCallIds: isUnder("mistral.ai"),
    thoughtSignatures: isUnder("googleapis.com"),
    reasoningRequired:
      contract === "deepseek" ||
      contract === "kimi" ||
      ["deepseek.com", "moonshot.ai", "moonshot.cn", "kimi.com"].some(isUnder),
    strictRoles: isUnder("mistral.ai"),
    endsOnUser: !["openai.com", "azure.com", "deepseek.com"].some(isUnder),
  };
}
