/**
 * Tokens that a model takes, by the beginning of its name; the longest beginning counts. They only say when to summarise before it is too
 * late: where one is wrong or missing, the provider's refusal says it. Starting values (2026-11): 272,000 of input for gpt-5 from a public
 * copy of Codex's model catalogue, the others as they are commonly quoted; none was checked against a vendor's page. `compact_at` overrides.
 */
const windows: Readonly<Record<string, number>> = {
  "gpt-5": 272_000,
  "gpt-6": 272_000,
  "gpt-4.1": 1_047_576,
  "gpt-4o": 128_000,
  o3: 200_000,
  "o4-mini": 200_000,
  claude: 200_000,
  gemini: 1_048_576,
  "grok-4": 256_000,
  "grok-code": 256_000,
  deepseek: 128_000,
  "kimi-k2": 262_144,
};

/** Tokens of the model's context window; `undefined` when it isn't known. `vendor/model` and `models/model` are looked up as `model`. */
export function contextWindow(model: string): number | undefined {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  const known = Object.keys(windows).filter((start) => name.startsWith(start));
  const longest = known.reduce((one, other) => (other.length > one.length ? other : one), "");
  return windows[longest];
}
