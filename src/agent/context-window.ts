/**
 * Tokens that a model takes, by the beginning of its name; the longest beginning counts. They only say when to summarise before it is too
 * late: where one is wrong or missing, the provider's refusal says it. `compact_at` overrides. Looked up on 2026-11-21, in pages that a
 * search index had stored:
 *
 * - Claude: the model pages of platform.claude.com (Haiku 5.5 and 4.5, Sonnet 4.6, Opus 4.6, the current line-up): 1M from 4.6 on, 200K before.
 * - Gemini: docs.cloud.google.com, "Get started with Gemini 4": 1,048,576 for Gemini 4 Argon; the same number stands in Gemini's own refusals.
 * - Grok: docs.x.ai for 4.7 (500,000); for 4.5 an issue that quotes docs.x.ai; gateways' listings (OpenRouter, Vercel, APIYI) for the others.
 * - GPT-5: developers.openai.com says 400,000, of which 128,000 are output. The API's later ones (5.4 to 6) take 1,050,000 by gateways'
 *   listings, but the Codex backend gave 272,000 (openai/codex#37137, opencode#38976), and beyond that the API's price doubles: 272,000 for all.
 * - DeepSeek V4, GLM and Kimi: gateways' listings (Vercel, OpenRouter, Venice, APIYI), no vendor's page.
 * - GPT-4.1, GPT-4o, o3, o4-mini: as they are commonly quoted; not checked.
 */
const windows: Readonly<Record<string, number>> = {
  "gpt-5": 272_000,
  "gpt-5.3-codex-spark": 128_000,
  "gpt-6": 272_000,
  "gpt-4.1": 1_047_576,
  "gpt-4o": 128_000,
  o3: 200_000,
  "o4-mini": 200_000,
  claude: 200_000,
  "claude-fable": 1_000_000,
  "claude-mythos": 1_000_000,
  "claude-opus-4-6": 1_000_000,
  "claude-opus-4-7": 1_000_000,
  "claude-opus-4-8": 1_000_000,
  "claude-opus-5": 1_000_000,
  "claude-sonnet-4-6": 1_000_000,
  "claude-sonnet-5": 1_000_000,
  "claude-haiku-5-5": 1_000_000,
  gemini: 1_048_576,
  "grok-4": 256_000,
  "grok-4-fast": 2_000_000,
  "grok-4-1-fast": 2_000_000,
  "grok-4.1-fast": 2_000_000,
  "grok-4.20": 1_000_000,
  "grok-4.3": 1_000_000,
  "grok-4.5": 500_000,
  "grok-4.6": 500_000,
  "grok-4.7": 500_000,
  "grok-code": 256_000,
  deepseek: 128_000,
  "deepseek-v4": 1_048_576,
  "glm-4.5": 131_072,
  "glm-4.6": 200_000,
  "glm-4.7": 200_000,
  "glm-5": 200_000,
  "glm-5.2": 1_048_576,
  "glm-5.3": 1_048_576,
  "kimi-k2": 262_144,
};

/** Names as gateways write them: `vendor/model`, `models/model`, `us.vendor.model`, and points in Claude's versions. */
function plainName(model: string): string {
  const name = model
    .slice(model.lastIndexOf("/") + 1)
    .toLowerCase()
    .replace(/^(?:[a-z-]+\.)+/, "");
  return name.startsWith("claude") ? name.replaceAll(".", "-") : name;
}

/** Tokens of the model's context window; `undefined` when it isn't known. */
export function contextWindow(model: string): number | undefined {
  const name = plainName(model);
  const known = Object.keys(windows).filter((start) => name.startsWith(start));
  const longest = known.reduce((one, other) => (other.length > one.length ? other : one), "");
  return windows[longest];
}
