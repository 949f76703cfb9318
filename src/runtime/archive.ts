import { isFailureOf } from "../failure.ts";
import { isSystemError } from "../lib/system.ts";
import type { SessionStore } from "../store.ts";
import { note } from "./note.ts";

/**
 * Puts a session out of lists, or back into them. A damaged session can be archived too, one of a newer version, and one whose files can't
 * be opened (R21): its log is not touched. Throws `lease-held` while somebody works in it.
 */
export async function archive(store: SessionStore, id: string, archived: boolean): Promise<void> {
  const doing = archived ? "archiving it" : "taking it out of the archive";
  try {
    await note(store, id, doing, (history) => {
      if ((history.archived === true) === archived) return [];
      return [{ type: archived ? "session-archived" : "session-unarchived" }];
    });
    // A session that was damaged when it was archived, and can be read again, has a mark beside its log too.
    if (!archived) await store.shelve(id, false);
  } catch (error) {
    if (!isFailureOf(error, "session-damaged", "schema-newer") && !isClosed(error)) throw error;
    await store.shelve(id, archived);
  }
}

/** Whether the log or its lease may not be opened. What else keeps a store from being used passes, and the log can be written then. */
const isClosed = (error: unknown): boolean =>
  isFailureOf(error, "store-unavailable") && isSystemError(error.cause) && error.cause.code === "EACCES";
