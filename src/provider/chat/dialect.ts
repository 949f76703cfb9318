/** Where endpoints that speak Chat Completions differ in what they take. */
export interface ChatDialect {
  /** `prompt_cache_key` is taken: OpenAI (API reference, 2025-08 to 2026-11). Others refuse members that they don't know. */
  readonly cacheKey: boolean;
  /** Call ids have exactly nine letters and digits: "Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9." (Mistral, 2024-06 to 2026). */
  readonly shortCallIds: boolean;
  /** Thought signatures go back in `extra_content.google` of their call (Gemini's OpenAI compatibility, documented 2025-11). */
  readonly thoughtSignatures: boolean;
}

/** The dialect that a base URL tells. */
export function dialectOf(baseUrl: string): ChatDialect {
  const { hostname } = new URL(baseUrl);
  const isUnder = (domain: string): boolean => hostname === domain || hostname.endsWith(`.${domain}`);
  return {
    cacheKey: isUnder("openai.com"),
    shortCallIds: isUnder("mistral.ai"),
    thoughtSignatures: isUnder("googleapis.com"),
  };
}
