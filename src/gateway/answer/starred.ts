/** A shorter one is a placeholder where no key is needed ("x", "none"), and may be a word of what is said. */
export const shortestSecret = 6;

/**
 * An upstream's bytes with stars in the place of the gateway's own key, which no client is to see: as many, so that lengths stay. Changes the
 * bytes where they are.
 */
export function starred(bytes: Buffer, key: string | undefined): Buffer {
  if (key === undefined || key.length < shortestSecret) return bytes;
  for (let at = bytes.indexOf(key); at >= 0; at = bytes.indexOf(key, at + key.length))
    bytes.fill("*", at, at + key.length);
  return bytes;
}

/** The same of headers. */
export function starredHeaders<Value extends string | string[]>(
  headers: Readonly<Record<string, Value>>,
  key: string | undefined,
): Record<string, Value> {
  if (key === undefined || key.length < shortestSecret) return headers;
  const text = JSON.stringify(headers);
  const stars = "*".repeat(key.length);
  return text.includes(key) ? (JSON.parse(text.replaceAll(key, stars)) as Record<string, Value>) : headers;
}
