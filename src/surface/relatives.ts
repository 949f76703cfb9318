import type { ListedSession } from "../store.ts";
import { headOf } from "../store/chain.ts";

/** A session that shares history with another one (`of`). */
export interface Relative {
  session: ListedSession;
  of: string;
  /** How it is related, for people. */
  relation: "its predecessor" | "its fork" | "a rotation of it that was never finished";
}

/**
 * The other sessions that hold history of the chosen ones: predecessors, forks, forks of forks. Of a fork that was rotated the one that goes
 * on with it comes first, and what that was rotated from as its predecessors.
 */
export function relativesOf(chosen: readonly ListedSession[], all: readonly ListedSession[]): Relative[] {
  const byId = new Map(all.map((session) => [session.id, session]));
  const known = new Set(chosen.map(({ id }) => id));
  const found: Relative[] = [];
  for (const queue = [...chosen]; queue.length > 0;) {
    const session = queue.shift()!;
    const add = (other: ListedSession, relation: Relative["relation"]): void => {
      if (known.has(other.id)) return;
      known.add(other.id);
      found.push({ session: other, of: session.id, relation });
      queue.push(other);
    };
    const parent = session.parent === undefined ? undefined : byId.get(session.parent);
    if (parent && isRotation(session, parent)) add(parent, "its predecessor");
    for (const other of all) {
      if (other.parent !== session.id) continue;
      if (!other.rotated) add(headOf(other, byId), "its fork");
      else if (!isRotation(other, session)) add(other, "a rotation of it that was never finished");
    }
  }
  return found;
}

function isRotation(session: ListedSession, parent: ListedSession): boolean {
  return session.rotated === true && parent.successor === session.id;
}
