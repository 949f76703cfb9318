import { isSameName } from "../session/name.ts";
import { isTogether } from "../session/place.ts";
import type { ListedSession, ListQuery } from "../store.ts";
import { headOf, heads, type Link } from "./chain.ts";

// Which sessions of a store a list shows, and which a person means: the same in every store.

/** The sessions of a list, before its chains of rotations are cut down to their heads. */
export interface Listed {
  /** Newest activity first. */
  sessions: ListedSession[];
  /** Sessions that were not asked for. */
  elsewhere: Link[];
}

/** How a person refers to a session: by name, or, where it can be one, the beginning of an id. */
export interface Reference {
  id: string | undefined;
  name: string;
}

/** What a person may mean by these words. */
export function referenceOf(words: string): Reference {
  const id = words.toLowerCase();
  return { id: /^[0-9a-f-]+$/u.test(id) ? id : undefined, name: words };
}

/** The heads of all chains of rotations that belong to this workspace. */
export function shownOf(
  { sessions, elsewhere }: Listed,
  { workspace, onHidden }: ListQuery,
): ListedSession[] {
  const all: Link[] = [...sessions, ...elsewhere];
  const listed = heads(all);
  const wanted = new Set<Link>(
    sessions.filter((session) => !workspace || isTogether(session.workspace, workspace)),
  );
  const shown = listed.filter((session): session is ListedSession => wanted.has(session));
  const isShown = new Set<Link>(shown);
  onHidden?.(
    listed.length - shown.length,
    all.flatMap((link) => (isShown.has(link) ? [] : link.id)),
  );
  return shown;
}

/** The ids of those that a reference means, newest first; for a rotated session its head stands. */
export function meantBy({ id, name }: Reference, { sessions, elsewhere }: Listed): string[] {
  const all: Link[] = [...sessions, ...elsewhere];
  const isNamed = (session: ListedSession): boolean =>
    session.name !== undefined && isSameName(session.name, name);
  const found = new Set<Link>(sessions.filter(isNamed));
  const byId = new Map(all.map((link) => [link.id, link]));
  if (id !== undefined) for (const link of all) if (link.id.startsWith(id)) found.add(headOf(link, byId));
  // A folder that was copied into another month has the same id.
  const ids = new Set(heads(all).flatMap((link) => (found.has(link) ? link.id : [])));
  return [...ids].sort((a, b) => (a < b ? 1 : -1));
}
