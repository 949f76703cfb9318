/** What looks like a key: of OpenAI and those who write theirs alike, of Anthropic, a bearer's token, a JSON web token. */
const keys = /\b(?:sk|key|rk|pk)-[\w*-]{6,}|\bBearer\s+[\w.~+/=*-]{6,}|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/giu;
/** Shorter ones stand in where none is needed ("x", "none"), and are words besides. */
const shortestSecret = 6;

/** A line without the secrets that it is known could be in it, and without what looks like one: providers quote the key that they refuse. */
export function discreet(line: string, secrets: readonly (string | undefined)[] = []): string {
  let text = line.replaceAll(keys, "[key]");
  for (const secret of secrets)
    if (secret !== undefined && secret.length >= shortestSecret) text = text.replaceAll(secret, "[key]");
  return text;
}
