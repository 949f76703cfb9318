/** What guides for local servers give in the place of a key, where none is needed (vLLM's "EMPTY" is shorter than any secret). */
const standIns: ReadonlySet<string> = new Set([
  "anything",
  "dummy-key",
  "lm-studio",
  "no-key-required",
  "not needed",
  "not-needed",
  "placeholder",
  "sk-no-key-required",
]);

/**
 * Whether a provider's key is one that nobody is to see. A word that stands in for it where none is needed ("x", "ollama", "lm-studio") is
 * none, and taking it out of what is said would garble that.
 */
export function isSecret(key: string | undefined): key is string {
  if (key === undefined || standIns.has(key.toLowerCase())) return false;
  // A short one without a digit is a word ("ollama", "openai"); one with digits is what people give servers of their own ("sk-1234").
  return key.length >= (/\d/u.test(key) ? 6 : 8);
}
