import { dirname, resolve } from "node:path";
import { isFailure } from "../../failure.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { crashPoint } from "../../lib/fault.ts";
import { isSystemError, systemWords } from "../../lib/system.ts";
import type { BodyRef, NewEvent, Owner } from "../../session/event.ts";
import type {
  Append,
  Beginning,
  DeadFollowUp,
  FollowUp,
  Holder,
  ListedSession,
  ListQuery,
  LogVisitor,
  QueuedFollowUp,
  ReadOptions,
  ReadReport,
  SearchOptions,
  SessionLog,
  SessionStore,
  Successor,
  UnreadableFollowUp,
} from "../../store.ts";
import { readBodies, readBody } from "../bodies.ts";
import { beginning } from "../beginning.ts";
import { summaryOf } from "../fold.ts";
import type { Listing } from "../listing.ts";
import { readLog } from "../scan.ts";
import { searchSessions } from "../search.ts";
import { type Listed, meantBy, type Reference, referenceOf, shownOf } from "../selection.ts";
import { acquireFolder, type Watching } from "./acquire.ts";
import { FileSource, withSource } from "./file-source.ts";
import { FolderSession } from "./folder-session.ts";
import { holderIfSeen } from "./holder.ts";
import { inboxPath, moveFollowUps } from "./inbox.ts";
import { listFolders } from "./list.ts";
import { type Making, makeSession, sessionExists } from "./make.ts";
import { asFailure } from "./outside.ts";
import { processOwner } from "./process-owner.ts";
import { ChainQueue } from "./queue.ts";
import { removeFolder, settle } from "./remove.ts";
import { rewriteLog } from "./rewrite.ts";
import { scrubFolder } from "./scrub.ts";
import { shelve } from "./shelf.ts";
import { locate, newPath, noSession, type SessionFolder, sessionsPath, survey } from "./paths.ts";

/** How a folder store is opened. */
export interface FolderStoreOptions {
  /** The program's version, for leases and messages. */
  version: string;
  clock?: Clock;
  /** The cache for lists and search (`openCatalog` of the same home); without one every list reads the logs. */
  listing?: Listing;
  /** How an owner out of sight is waited for, which takes 30 s. */
  watching?: Watching;
}

/** Sessions as folders under `home` (architecture.md "A session is a folder"). The home is made when the first session is. */
export function folderStore(home: string, options: FolderStoreOptions): SessionStore {
  return new FolderStore(resolve(home), options);
}

class FolderStore implements SessionStore {
  readonly #home: string;
  readonly version: string;
  readonly #clock: Clock;
  readonly #listing: Listing | undefined;
  readonly #watching: Watching;
  readonly #queue = new ChainQueue((id) => this.#find(id));
  /** Folders of which it isn't certain that what was removed stays away; `sweep` sees to them. */
  readonly #unsettled = new Set<string>();

  constructor(home: string, { version, clock = systemClock, listing, watching = {} }: FolderStoreOptions) {
    this.#home = home;
    this.version = version;
    this.#clock = clock;
    this.#listing = listing;
    this.#watching = watching;
  }

  async create(
    id: string,
    created: Append,
    doing: string,
    { more, visitor }: Beginning = {},
  ): Promise<SessionLog> {
    const folder = newPath(this.#home, id, this.#clock.now());
    if (this.#find(id) !== undefined) throw sessionExists(id, folder);
    const events = beginning(created, more);
    return this.#make(id, folder, doing, { events, points: { begun: "session-folder-made" }, visitor });
  }

  async rotate(
    predecessor: SessionLog,
    { id, events, visitor }: Successor,
    doing: string,
  ): Promise<SessionLog> {
    const folder = newPath(this.#home, id, this.#clock.now());
    const points = { begun: "rotation-begun", built: "rotation-built", renamed: "rotation-renamed" } as const;
    const successor = await this.#make(id, folder, doing, { events, points, visitor });
    try {
      await predecessor.append({ event: { type: "session-rotated", successor: id } });
    } catch (error) {
      // The successor stays on disk: whether `session-rotated` was written can't always be told, and a successor that no log names is not
      // listed.
      await successor.release();
      throw error;
    }
    crashPoint("rotation-committed");
    await this.#gather(id, folder);
    crashPoint("rotation-forwarded");
    return successor;
  }

  async undo(successor: SessionLog, predecessor: SessionLog, delivered: readonly string[]): Promise<void> {
    const [from, to] = [this.#locate(successor.id), this.#locate(predecessor.id)];
    let kept = `Session ${predecessor.id} was left as it is.`;
    try {
      for (const id of delivered) await this.dequeue(successor.id, id);
      // While the rotation holds, what is queued with the predecessor belongs to the successor.
      moveFollowUps(from, to);
      crashPoint("undo-returned");
      await predecessor.append({ event: { type: "rotation-undone", successor: successor.id } });
      kept = `Session ${predecessor.id} is back; what was queued just now may lie with ${successor.id}.`;
      crashPoint("undo-committed");
      moveFollowUps(from, to);
    } catch (error) {
      throw asFailure(error, to, kept);
    }
  }

  #make(
    id: string,
    folder: string,
    doing: string,
    what: Pick<Making, "events" | "points" | "visitor">,
  ): Promise<SessionLog> {
    const owner = this.#owner(doing);
    return makeSession({
      id,
      folder,
      owner,
      clock: this.#clock,
      listing: this.#listing,
      ...what,
    });
  }

  async acquire(
    id: string,
    visitor: LogVisitor,
    { doing, force = false, ...read }: ReadOptions & { doing: string; force?: boolean },
  ): Promise<SessionLog> {
    return this.#at(id, async (folder) => {
      const [clock, listing] = [this.#clock, this.#listing];
      const options = { ...read, owner: this.#owner(doing), force, ...this.#watching };
      const acquired = await acquireFolder(folder, id, visitor, clock, options);
      const session = new FolderSession({ id, folder, ...acquired, clock, listing });
      await this.#gather(id, folder);
      return session;
    });
  }

  async read(id: string, visitor: LogVisitor, options?: ReadOptions): Promise<ReadReport> {
    return this.#withSource(id, (source) => readLog(source.now(), visitor, options));
  }

  async body(id: string, ref: BodyRef): Promise<Uint8Array> {
    return this.#withSource(id, (source) => readBody(source, ref, source.path));
  }

  async *bodies(id: string, refs: readonly BodyRef[]): AsyncGenerator<readonly Uint8Array[]> {
    const folder = this.#locate(id);
    let source: FileSource | undefined;
    try {
      source = new FileSource(folder);
      yield* readBodies(source, refs, source.path);
    } catch (error) {
      throw asFailure(error, folder, `Session ${id} was left as it is.`);
    } finally {
      await source?.close();
    }
  }

  async holder(id: string): Promise<Holder> {
    return holderIfSeen(this.#locate(id));
  }

  async find(reference: string): Promise<string[]> {
    const wanted = reference.toLowerCase();
    const own = this.#find(wanted);
    if (own !== undefined) return [await this.#headOf(wanted, own)];
    const asked = referenceOf(reference);
    const meant = meantBy(asked, await this.#folders({ reference: asked }));
    // A name that the catalogue has missed is in the log still.
    return meant.length > 0 ? meant : meantBy(asked, await this.#folders());
  }

  async list(query: ListQuery = {}): Promise<ListedSession[]> {
    return shownOf(await this.#folders(query), query);
  }

  search(text: string, among: readonly ListedSession[], options?: SearchOptions): Promise<Set<string>> {
    return searchSessions(this, text, among, options, this.#listing);
  }

  async #folders(query?: ListQuery & { reference?: Reference }): Promise<Listed> {
    const tools = {
      listing: this.#listing,
      summarize: (id: string) => summaryOf(this, id),
      ...(this.#watching.signal && { signal: this.#watching.signal }),
    };
    try {
      return await listFolders(this.#home, tools, query);
    } catch (error) {
      throw asFailure(error, sessionsPath(this.#home), "Nothing was changed.");
    }
  }

  async head(id: string): Promise<string> {
    return this.#headOf(id, this.#locate(id));
  }

  async #headOf(id: string, folder: string): Promise<string> {
    try {
      return (await this.#queue.head({ id, path: folder })).id;
    } catch (error) {
      throw asFailure(error, folder, `Session ${id} was left as it is.`);
    }
  }

  shelve(id: string, archived: boolean): Promise<void> {
    return this.#at(id, async (folder) => {
      // A row of a log that has become unreadable at the same length would hide the mark; its name is all that a person knows it by.
      if (shelve(folder, archived)) await this.#listing?.markUnread(id);
    });
  }

  queue(id: string, followUp: FollowUp): Promise<string> {
    return this.#inbox(id, "The message was not queued for", (session) =>
      this.#queue.queue(session, followUp),
    );
  }

  queued(id: string): Promise<QueuedFollowUp[]> {
    return this.#inbox(id, "Nothing was changed in", (session) => this.#queue.queued(session));
  }

  begin(id: string, followUp: string): Promise<boolean> {
    return this.#inbox(id, "The message stays queued for", (session) => this.#queue.begin(session, followUp));
  }

  dequeue(id: string, followUp: string): Promise<boolean> {
    return this.#inbox(id, "The message stays queued for", (session) =>
      this.#queue.dequeue(session, followUp),
    );
  }

  bury(id: string, followUp: DeadFollowUp): Promise<void> {
    return this.#inbox(id, "The message stays queued for", (session) => this.#queue.bury(session, followUp));
  }

  buried(id: string): Promise<DeadFollowUp[]> {
    return this.#inbox(id, "Nothing was changed in", (session) => this.#queue.buried(session));
  }

  unreadable(id: string): Promise<UnreadableFollowUp[]> {
    return this.#inbox(id, "Nothing was changed in", (session) => this.#queue.unreadable(session));
  }

  async #inbox<T>(id: string, kept: string, use: (session: SessionFolder) => Promise<T>): Promise<T> {
    const folder = this.#locate(id);
    try {
      return await use({ id, path: folder });
    } catch (error) {
      throw asFailure(error, inboxPath(folder), `${kept} session ${id}.`);
    }
  }

  /** What can't be moved still counts as the head's, where it lies. */
  async #gather(id: string, folder: string): Promise<void> {
    try {
      await this.#queue.gather({ id, path: folder }, this.#clock.now());
    } catch (error) {
      if (!isSystemError(error) && !isFailure(error)) throw error;
    }
  }

  async remove(
    id: string,
    { force = false, sweep = true }: { force?: boolean; sweep?: boolean } = {},
  ): Promise<void> {
    const folder = this.#locate(id);
    const kept = `Session ${id} was not removed, or not all of it.`;
    let left: NodeJS.ErrnoException | undefined;
    try {
      const head = await this.#queue.head({ id, path: folder });
      left = await removeFolder(folder, {
        id,
        owner: this.#owner("removing it"),
        clock: this.#clock,
        force,
        ...this.#watching,
        ...(head.id !== id && { heir: head.path }),
      });
    } catch (error) {
      // Somebody else was removing it too, and was first.
      if (isSystemError(error)) this.#locate(id);
      throw asFailure(error, folder, kept);
    }
    if (!sweep) return void (left && this.#unsettled.add(dirname(folder)));
    if (left) throw asFailure(left, folder, kept);
    await this.#listing?.remove([id]);
  }

  async sweep(removed: readonly string[] = []): Promise<string[]> {
    const troubles: string[] = [];
    try {
      // Making a list removes what cut-off removals left.
      await this.everything();
      const left = survey(this.#home, () => true).left.filter(({ id }) => id.startsWith(".gone-"));
      for (const { path } of left) troubles.push(`${path} is left of a removal and can't be removed`);
    } catch (error) {
      const cause = isFailure(error) ? error.cause : error;
      if (!isSystemError(cause)) throw error;
      // What was removed until now is told all the same.
      troubles.push(`what removals have left in ${this.#home} can't be looked for: ${systemWords(cause)}`);
    }
    troubles.push(...settle(this.#unsettled));
    if ((await this.#listing?.remove(removed)) === false)
      troubles.push(
        `the catalogue in ${this.#home} is in use or can't be written; rows of what was removed may still be in its files`,
      );
    return troubles;
  }

  rewrite(log: SessionLog, events: AsyncIterable<readonly Append[]>): Promise<void> {
    return this.#rewritten(log, "was left as it is.", (at) => rewriteLog(at, log, this.#clock, events));
  }

  scrub(log: SessionLog, events: readonly NewEvent[]): Promise<void> {
    const kept = "was not scrubbed, or not all of it; run it again.";
    return this.#rewritten(log, kept, (at) => scrubFolder(at, log, this.#clock, events));
  }

  async #rewritten(
    { id }: SessionLog,
    kept: string,
    rewrite: (folder: string) => Promise<void>,
  ): Promise<void> {
    await this.#at(id, rewrite, kept);
    await this.#listing?.remove([id]);
  }

  async everything(): Promise<ListedSession[]> {
    return (await this.#folders()).sessions;
  }

  async close(): Promise<void> {
    await this.#listing?.close();
  }

  #find(id: string): string | undefined {
    try {
      return locate(this.#home, id, this.#clock.now());
    } catch (error) {
      throw asFailure(error, sessionsPath(this.#home), "Nothing was changed.");
    }
  }

  #locate(id: string): string {
    const folder = this.#find(id);
    if (folder !== undefined) return folder;
    throw noSession(this.#home, id);
  }

  /** Uses the session's folder. `kept`: what a failure of the system says of the session. */
  async #at<T>(id: string, use: (folder: string) => Promise<T>, kept = "was left as it is."): Promise<T> {
    const folder = this.#locate(id);
    try {
      return await use(folder);
    } catch (error) {
      throw asFailure(error, folder, `Session ${id} ${kept}`);
    }
  }

  #withSource<T>(id: string, use: (source: FileSource) => Promise<T>): Promise<T> {
    return this.#at(id, (folder) => withSource(folder, use));
  }

  #owner(doing: string): Owner {
    return processOwner(this.version, this.#clock.now(), doing);
  }
}
