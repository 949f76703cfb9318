import type { LogVisitor } from "../store.ts";

/** What is needed of a session to tell the chains of rotations. */
export interface Link {
  id: string;
  parent?: string;
  rotated?: true;
  successor?: string;
  /** Set when its log can't be read: then it says nothing about its successor. */
  trouble?: string;
}

/**
 * The sessions that are listed: of each chain its head. A session that was rotated is left out while its successor is there; so is a
 * successor whose predecessor doesn't name it (the rotation was never committed, or was undone).
 */
export function heads<L extends Link>(sessions: readonly L[]): L[] {
  if (!sessions.some(({ rotated, successor }) => rotated || successor !== undefined)) return [...sessions];
  const byId = new Map(sessions.map((session) => [session.id, session]));
  return sessions.filter(({ id, parent, rotated, successor }) => {
    if (successor !== undefined && byId.has(successor)) return false;
    const predecessor = rotated && parent !== undefined ? byId.get(parent) : undefined;
    return predecessor === undefined || predecessor.trouble !== undefined || predecessor.successor === id;
  });
}

/** The end of a session's chain among the given ones, by their ids. */
export function headOf<L extends Link>(session: L, sessions: ReadonlyMap<string, L>): L {
  let head = session;
  for (const seen = new Set<string>(); head.successor !== undefined && !seen.has(head.id);) {
    seen.add(head.id);
    head = sessions.get(head.successor) ?? head;
  }
  return head;
}

/** Notes the successor that a log names, as far as it is read. */
export function successorWatch(): { visitor: LogVisitor; successor(): string | undefined } {
  let successor: string | undefined;
  return {
    visitor: {
      record: ({ event }) => {
        if (event.type === "session-rotated") ({ successor } = event);
        if (event.type === "rotation-undone") successor = undefined;
      },
    },
    successor: () => successor,
  };
}
