import type { ListedSession, SearchOptions, SessionStore } from "../store.ts";
import type { Listing } from "./listing.ts";
import { headHas, saidIn, wordsOf } from "./said.ts";

/** Logs that are read at once. */
const readAtOnce = 8;

/**
 * Ids of those of the sessions that have every word of the text. The cache answers for the logs that still have the length that its text was
 * made from; every other log is read, and the cache gets its text. Both look for the words in the same text in the same way.
 */
export async function searchSessions(
  store: Pick<SessionStore, "read" | "bodies">,
  text: string,
  among: readonly ListedSession[],
  { onRead, signal }: SearchOptions = {},
  listing?: Listing,
): Promise<Set<string>> {
  const words = wordsOf(text);
  const known = words.length > 0 ? listing?.search(words) : undefined;
  const found = new Set<string>();
  const unknown: { session: ListedSession; missing: readonly string[] }[] = [];
  for (const session of among) {
    const missing = words.filter((word) => !headHas(session, word));
    const row = known?.get(session.id);
    if (missing.length === 0) found.add(session.id);
    else if (row?.bytes !== session.bytes) unknown.push({ session, missing });
    else if (missing.every((word) => row.has[words.indexOf(word)])) found.add(session.id);
  }
  for (let at = 0; at < unknown.length; at += readAtOnce) {
    signal?.throwIfAborted();
    await Promise.all(
      unknown.slice(at, at + readAtOnce).map(async ({ session: { id, bytes }, missing }) => {
        const said = await saidIn(store, id);
        if (said.isWhole) listing?.putText(id, bytes, said.text);
        if (missing.every((word) => said.text.includes(word))) found.add(id);
      }),
    );
    onRead?.(Math.min(at + readAtOnce, unknown.length), unknown.length);
  }
  return found;
}
