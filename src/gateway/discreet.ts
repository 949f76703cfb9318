import { isSecret } from "../lib/secret.ts";

/** What looks like a key: one of OpenAI's or Anthropic's kind, a bearer token, a JSON web token. */
const keys = /\b(?:sk|key|rk|pk)-[\w*-]{6,}|\bBearer\s+[\w.~+/=*-]{6,}|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/giu;

/** A line without these secrets, and without what looks like one: providers quote the key that they refuse. */
export function discreet(line: string, secrets: readonly (string | undefined)[] = []): string {
  let text = line.replaceAll(keys, "[key]");
  for (const secret of secrets) if (isSecret(secret)) text = text.replaceAll(secret, "[key]");
  return text;
}
