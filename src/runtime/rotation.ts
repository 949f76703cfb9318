import { uuidv7 } from "../lib/ids.ts";
import { Failure } from "../failure.ts";
import { type Carried, successorCreated, successorState, VisibleHistory } from "../recovery/rotate.ts";
import type { SessionStore } from "../store.ts";
import { folding } from "../store/fold.ts";
import { Journal } from "../turn/journal.ts";
import type { Runtime } from "./equipment.ts";
import { carriedItems } from "./carried.ts";
import { ownJournal } from "./open.ts";

/**
 * Makes the successor of a session (R30) and resolves to its journal and to how many items stayed behind. From then on every lookup leads to
 * the successor; the predecessor stays owned by whoever owns it. When this throws, it is as it was.
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
  const { visitor, history: folded } = folding();
  const made = { id, events: events(), visitor };
  const journal = new Journal(await store.rotate(log, made, "going on with a rotated session"), folded());
  journal.describe(clock.now());
  return { journal, left: visible.left };
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
