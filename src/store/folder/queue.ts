import { hasCode } from "../../lib/system.ts";
import { isFailureOf } from "../../failure.ts";
import { staysUnreadable } from "../../lib/open-file.ts";
import type { DeadFollowUp, FollowUp, QueuedFollowUp, UnreadableFollowUp } from "../../store.ts";
import { predecessorOf, successorOf } from "./chain.ts";
import {
  beginFollowUp,
  buryFollowUp,
  deadFollowUps,
  followUps,
  moveFollowUps,
  putFollowUp,
  takeDead,
  takeFollowUp,
  tidyInbox,
} from "./inbox.ts";
import type { SessionFolder } from "./paths.ts";

/** The predecessors of so many sessions are remembered: of those at work at one time, and more. */
const mostKnown = 1_000;

/**
 * The inboxes of a chain of rotations, as one queue. A follow-up may still lie with a predecessor: it came while the rotation was
 * committed, or the owner died before it had moved everything. It is the head's all the same.
 */
export class ChainQueue {
  /** Finds a session's folder; `undefined` when there is none. */
  readonly #locate: (id: string) => string | undefined;
  /** A session's predecessor never changes. */
  readonly #predecessors = new Map<string, string | undefined>();

  constructor(locate: (id: string) => string | undefined) {
    this.#locate = locate;
  }

  /** The end of the chain. A successor that was removed doesn't count. */
  async head(session: SessionFolder): Promise<SessionFolder> {
    let at = session;
    for (const seen = new Set<string>(); !seen.has(at.id);) {
      seen.add(at.id);
      const id = await readable(successorOf(at.path));
      const path = id === undefined ? undefined : this.#locate(id);
      if (id !== undefined && path !== undefined) at = { id, path };
    }
    return at;
  }

  async queue(session: SessionFolder, followUp: FollowUp): Promise<string> {
    const head = await this.head(session);
    const isNew = putFollowUp(head.path, followUp);
    try {
      // A rotation, or its undoing, may have been committed meanwhile.
      const now = await this.head(session);
      if (now.id !== head.id) moveFollowUps(head.path, now.path, followUp.id);
      return now.id;
    } catch (error) {
      // Who is told that it isn't queued queues it again. What isn't there any more is delivered.
      if (!isNew || takeFollowUp([head.path], followUp.id)) throw error;
      return head.id;
    }
  }

  async queued(session: SessionFolder): Promise<QueuedFollowUp[]> {
    return followUps(await this.#folders(session)).queued;
  }

  async begin(session: SessionFolder, id: string): Promise<boolean> {
    return beginFollowUp(await this.#folders(session), id);
  }

  async dequeue(session: SessionFolder, id: string): Promise<boolean> {
    const folders = await this.#folders(session);
    return takeFollowUp(folders, id) || takeDead(folders, id);
  }

  async bury(session: SessionFolder, followUp: DeadFollowUp): Promise<void> {
    buryFollowUp(session.path, followUp);
    takeFollowUp(await this.#folders(session), followUp.id);
  }

  async buried(session: SessionFolder): Promise<DeadFollowUp[]> {
    return deadFollowUps(await this.#folders(session)).dead;
  }

  async unreadable(session: SessionFolder): Promise<UnreadableFollowUp[]> {
    const folders = await this.#folders(session);
    return [...followUps(folders).unreadable, ...deadFollowUps(folders).unreadable];
  }

  /** Moves what is queued with predecessors to the head, and removes what senders that died left. */
  async gather(session: SessionFolder, now: number): Promise<void> {
    tidyInbox(session.path, now);
    for (const folder of await this.#folders(session))
      if (folder !== session.path) moveFollowUps(folder, session.path);
  }

  /** The folders of the sessions that this one continues by rotation, oldest first, and its own. */
  async #folders(session: SessionFolder): Promise<string[]> {
    const folders = [session.path];
    let { id, path } = session;
    for (;;) {
      const before = await this.#predecessor({ id, path });
      const next = before === undefined ? undefined : this.#locate(before);
      if (before === undefined || next === undefined || folders.includes(next)) return folders;
      // A rotation that was never committed, or was undone, takes nothing over.
      if ((await readable(successorOf(next))) !== id) return folders;
      folders.unshift(next);
      [id, path] = [before, next];
    }
  }

  async #predecessor({ id, path }: SessionFolder): Promise<string | undefined> {
    if (this.#predecessors.has(id)) return this.#predecessors.get(id);
    const before = await readable(predecessorOf(path));
    // A process that serves sessions for months is told of a new one every few seconds.
    if (this.#predecessors.size >= mostKnown) this.#predecessors.clear();
    this.#predecessors.set(id, before);
    return before;
  }
}

/** A log that can't be read, or is gone, names nobody. */
async function readable(asked: Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isFailureOf(error, "schema-newer", "session-damaged")) return undefined;
    if (staysUnreadable(error) || hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
