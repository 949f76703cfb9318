import { crashPoint } from "../lib/fault.ts";
import { sessionCreated } from "../session/created.ts";
import type { NewEvent, Settings } from "../session/event.ts";
import type { History } from "../session/history.ts";
import type { SessionStore } from "../store.ts";
import { folding } from "../store/fold.ts";
import { Journal } from "../turn/journal.ts";
import type { Equipment, Runtime, SessionStart } from "./equipment.ts";

/** Makes a session in the store, owned. */
export async function newJournal(
  { store }: Runtime,
  { id, name, workspace }: SessionStart,
  settings: Settings,
): Promise<Journal> {
  const created = sessionCreated({ id, version: store.version, workspace, settings, name });
  const { visitor, history } = folding();
  const log = await store.create(id, { event: created }, "starting", { visitor });
  return new Journal(log, history());
}

/** What a new owner logs first: what it changes about the session, and the settings and the folder that it goes on with. */
export function adopted({ settings, workspace, changes = [] }: Equipment, history: History): NewEvent[] {
  if (sameSettings(settings, history.settings) && workspace === undefined) return [...changes];
  return [...changes, { type: "settings-changed", settings, ...(workspace && { workspace }) }];
}

/** Whether both settings run a session in the same way. */
function sameSettings(left: Settings, right: Settings): boolean {
  return (
    left.provider === right.provider &&
    left.model === right.model &&
    left.effort === right.effort &&
    left.instructionsHash === right.instructionsHash &&
    left.approval === right.approval
  );
}

/** Takes the lease of this very session and reads its window. */
export async function ownJournal(
  store: SessionStore,
  id: string,
  { doing, force = false }: { doing: string; force?: boolean },
): Promise<Journal> {
  const fold = folding();
  const log = await store.acquire(id, fold.visitor, { from: "window", doing, force });
  const history = fold.history();
  // A log whose first line is lost doesn't tell its id, and a folder that was copied under another name tells the other one's.
  history.id = id;
  return new Journal(log, history);
}

/** As `ownJournal`; a session that was rotated stands for the one that goes on with it. */
export async function openJournal(
  { store, observe }: Runtime,
  id: string,
  { force }: { force: boolean },
): Promise<Journal> {
  for (;;) {
    const head = await store.head(id);
    const journal = await ownJournal(store, head, { doing: "resuming", force });
    crashPoint("lease-taken");
    const { log, history } = journal;
    const isHead = await closedOnFailure(
      { close: () => log.release() },
      async () => history.successor === undefined || (await store.head(head)) === head,
    );
    if (isHead) {
      if (head !== id) observe({ type: "notice", text: `session ${id} was continued in ${head}` });
      return journal;
    }
    // It was rotated while the lease was being taken: begin again with the successor.
    await log.release();
  }
}

/** Runs the first action on a session; when it throws, the session is closed before the error goes on. */
export async function closedOnFailure<T>(
  session: { close(): Promise<void> },
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    await session.close();
    throw error;
  }
}
