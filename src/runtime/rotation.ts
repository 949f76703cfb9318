import { uuidv7 } from "../lib/ids.ts";
import { Failure } from "../failure.ts";
import { summarize } from "../session/summary.ts";
import { type Carried, successorCreated, successorState, VisibleHistory } from "../recovery/rotate.ts";
import type { SessionStore } from "../store.ts";
import { folding } from "../store/fold.ts";
import { Journal } from "../turn/journal.ts";
import type { Runtime } from "./equipment.ts";
import { carriedItems } from "./carried.ts";
import { ownJournal } from "./open.ts";

/**
 * Makes the successor of a session (R30) and resolves to its journal and to how many items stayed behind. The predecessor stays owned by
 * whoever owns it. When this throws before the rotation is committed, the predecessor is as it was; afterwards every lookup leads to the
 * successor, which nobody owns then.
 */
export async function makeSuccessor(
  { store, clock }: Runtime,
  { log, history }: Journal,
): Promise<{ journal: Journal; left: number }> {
  const id = uuidv7(clock.now());
  const visible = new VisibleHistory(history);
  async function* events(): AsyncGenerator<Carried[]> {
    yield [{ event: successorCreated(history, id, store.version) }];
    yield* carriedItems(visible, history.items, {
      store,
      id: log.id,
      bodies: (refs) => log.bodies(refs),
    });
    yield successorState(history).map((event) => ({ event }));
  }
  const successor = await store.rotate(log, { id, events: events() }, "going on with a rotated session");
  // From here on the rotation is committed: whatever fails, the next owner opens the successor.
  try {
    const fold = folding();
    await store.read(id, fold.visitor);
    const journal = new Journal(successor, fold.history());
    successor.describe(summarize(journal.history, clock.now()));
    return { journal, left: visible.left };
  } catch (error) {
    // Nothing that is appended to the predecessor would be part of the session any more. A lease that can't be given back keeps neither
    // the other one nor what went wrong first.
    await Promise.allSettled([successor.release(), log.release()]);
    throw error;
  }
}

/**
 * Takes a session's last rotation back: its predecessor is the session again, with what is queued, and nothing is deleted. Resolves to the
 * ids of both. Throws `usage` when it wasn't made by a rotation, and `lease-held` while somebody works in it.
 */
export async function undoRotation(
  store: SessionStore,
  id: string,
): Promise<{ session: string; successor: string }> {
  const head = await store.head(id);
  const { log: successor, history } = await ownJournal(store, head, { doing: "undoing its rotation" });
  try {
    const { rotated, delivered } = history;
    const parent = rotated ? history.parent : undefined;
    if (parent === undefined || (await store.head(parent)) !== head) {
      const message = `Session ${head} was not made by a rotation, so that there is none to undo. Nothing was changed. See where it comes from: throughline show ${head}`;
      throw new Failure("usage", message, {});
    }
    const { log: predecessor } = await ownJournal(store, parent, { doing: "taking its rotation back" });
    try {
      await store.undo(successor, predecessor, delivered);
    } finally {
      await predecessor.release();
    }
    return { session: parent, successor: head };
  } finally {
    await successor.release();
  }
}
