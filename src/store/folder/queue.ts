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

/** Finds a session's folder; `undefined` when there is none. */
export type Locate = (id: string) => string | undefined;

/** The predecessors of so many sessions are remembered: of those at work at one time, and more. */
const mostKnown = 1_000;

/** A session of a chain of rotations and its folder. */
interface Place {
  id: string;
  folder: string;
}

/**
 * The inboxes of a chain of rotations, as one queue. A follow-up may still lie with a predecessor: it came while the rotation was
 * committed, or the owner died before it had moved everything. It is the head's all the same.
 */
export class ChainQueue {
  readonly #locate: Locate;
  /** A session's predecessor never changes. */
  readonly #predecessors = new Map<string, string | undefined>();

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  /** The end of the chain. A successor that was removed doesn't count. */
  async head(place: Place): Promise<Place> {
    let at = place;
    for (const seen = new Set<string>(); !seen.has(at.id);) {
      seen.add(at.id);
      const id = await readable(successorOf(at.folder));
      const folder = id === undefined ? undefined : this.#locate(id);
      if (id !== undefined && folder !== undefined) at = { id, folder };
    }
    return at;
  }

  async queue(place: Place, followUp: FollowUp): Promise<string> {
    const head = await this.head(place);
    putFollowUp(head.folder, followUp);
    // A rotation, or its undoing, may have been committed meanwhile.
    const now = await this.head(place);
    if (now.id !== head.id) moveFollowUps(head.folder, now.folder, followUp.id);
    return now.id;
  }

  async queued(place: Place): Promise<QueuedFollowUp[]> {
    return followUps(await this.#folders(place)).queued;
  }

  async begin(place: Place, id: string): Promise<boolean> {
    return beginFollowUp(await this.#folders(place), id);
  }

  async dequeue(place: Place, id: string): Promise<boolean> {
    const folders = await this.#folders(place);
    return takeFollowUp(folders, id) || takeDead(folders, id);
  }

  async bury(place: Place, followUp: DeadFollowUp): Promise<void> {
    buryFollowUp(place.folder, followUp);
    takeFollowUp(await this.#folders(place), followUp.id);
  }

  async buried(place: Place): Promise<DeadFollowUp[]> {
    return deadFollowUps(await this.#folders(place)).dead;
  }

  async unreadable(place: Place): Promise<UnreadableFollowUp[]> {
    const folders = await this.#folders(place);
    return [...followUps(folders).unreadable, ...deadFollowUps(folders).unreadable];
  }

  /** Moves what is queued with predecessors to the head, and removes what senders that died left. */
  async gather(place: Place, now: number): Promise<void> {
    tidyInbox(place.folder, now);
    for (const folder of await this.#folders(place))
      if (folder !== place.folder) moveFollowUps(folder, place.folder);
  }

  /** The folders of the sessions that this one continues by rotation, oldest first, and its own. */
  async #folders(place: Place): Promise<string[]> {
    const folders = [place.folder];
    let { id, folder } = place;
    for (;;) {
      const before = await this.#predecessor({ id, folder });
      const next = before === undefined ? undefined : this.#locate(before);
      if (before === undefined || next === undefined || folders.includes(next)) return folders;
      // A rotation that was never committed, or was undone, takes nothing over.
      if ((await readable(successorOf(next))) !== id) return folders;
      folders.unshift(next);
      [id, folder] = [before, next];
    }
  }

  async #predecessor({ id, folder }: Place): Promise<string | undefined> {
    if (this.#predecessors.has(id)) return this.#predecessors.get(id);
    const before = await readable(predecessorOf(folder));
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
