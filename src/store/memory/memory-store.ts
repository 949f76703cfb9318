import { mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../failure.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { schemaVersion, type BodyRef, type NewEvent, type Owner } from "../../session/event.ts";
import { factsVersion } from "../../session/facts.ts";
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
import { Draft } from "../draft.ts";
import { successorWatch } from "../chain.ts";
import { summaryOf } from "../fold.ts";
import { factsOf } from "../owner.ts";
import { readLog } from "../scan.ts";
import { searchSessions } from "../search.ts";
import { type Listed, meantBy, referenceOf, shownOf } from "../selection.ts";
import { MemoryLog } from "./memory-log.ts";
import { MemorySession } from "./memory-session.ts";

/** Sessions in memory, for tests and for library users who keep none: the same lines, rules and failures as in a folder, but nothing lasts. */
export function memoryStore({
  version,
  clock = systemClock,
}: {
  version: string;
  clock?: Clock;
}): SessionStore {
  return new MemoryStore(version, clock);
}

interface Kept {
  log: MemoryLog;
  fence: number;
  owner: MemorySession | undefined;
  inbox: Map<string, QueuedFollowUp>;
  dead: Map<string, DeadFollowUp>;
}

class MemoryStore implements SessionStore {
  readonly version: string;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Kept>();
  /** The folder for tools' traces, which are files even here; made when it is first asked for. */
  #spools: string | undefined;

  constructor(version: string, clock: Clock) {
    this.version = version;
    this.#clock = clock;
  }

  create(id: string, created: Append, doing: string, { more, visitor }: Beginning = {}): Promise<SessionLog> {
    return this.#make(id, beginning(created, more), doing, visitor);
  }

  async rotate(
    predecessor: SessionLog,
    { id, events, visitor }: Successor,
    doing: string,
  ): Promise<SessionLog> {
    const successor = await this.#make(id, events, doing, visitor);
    try {
      await predecessor.append({ event: { type: "session-rotated", successor: id } });
    } catch (error) {
      await successor.release();
      this.#sessions.delete(id);
      throw error;
    }
    this.#move(predecessor.id, id);
    return successor;
  }

  async undo(successor: SessionLog, predecessor: SessionLog, delivered: readonly string[]): Promise<void> {
    const { inbox } = this.#kept(successor.id);
    for (const id of delivered) inbox.delete(id);
    await predecessor.append({ event: { type: "rotation-undone", successor: successor.id } });
    this.#move(successor.id, predecessor.id);
  }

  #move(from: string, to: string): void {
    const [source, target] = [this.#kept(from), this.#kept(to)];
    for (const [id, followUp] of source.inbox) target.inbox.set(id, followUp);
    source.inbox.clear();
  }

  async #make(
    id: string,
    events: AsyncIterable<readonly Append[]>,
    doing: string,
    visitor?: LogVisitor,
  ): Promise<SessionLog> {
    if (this.#sessions.has(id))
      throw new Failure(
        "usage",
        `Session ${id} exists already; nothing was changed. See it with: throughline show ${id}`,
        {},
      );
    const kept: Kept = {
      log: new MemoryLog(id),
      fence: 0,
      owner: undefined,
      inbox: new Map(),
      dead: new Map(),
    };
    const session = this.#own(id, kept, doing);
    for await (const group of events)
      for (const record of await session.append(...group)) visitor?.record(record);
    this.#sessions.set(id, kept);
    return session;
  }

  async acquire(
    id: string,
    visitor: LogVisitor,
    { doing, force = false, ...read }: ReadOptions & { doing: string; force?: boolean },
  ): Promise<SessionLog> {
    const kept = this.#kept(id);
    if (kept.owner && !force) {
      const { pid, host, doing: busy } = kept.owner.owner;
      const message = `Session ${id} is in use by process ${pid} on ${host}, which is ${busy}. Nothing was changed. Wait until it is done, or take it over with force.`;
      throw new Failure("lease-held", message, { owner: factsOf(kept.owner.owner) });
    }
    // Nothing is waited for before this: of two who ask at once the second is refused, and an owner that is replaced appends no more.
    const session = this.#own(id, kept, doing);
    const { owner } = session;
    const versions = { schema: schemaVersion, facts: factsVersion };
    try {
      await session.append({ event: { type: "lease-taken", ...versions, owner, forced: force } });
      session.report = await readLog(kept.log.now(), visitor, read);
      return session;
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  async read(id: string, visitor: LogVisitor, options?: ReadOptions): Promise<ReadReport> {
    return readLog(this.#kept(id).log.now(), visitor, options);
  }

  async body(id: string, ref: BodyRef): Promise<Uint8Array> {
    const { log } = this.#kept(id);
    return readBody(log, ref, log.path);
  }

  bodies(id: string, refs: readonly BodyRef[]): AsyncIterable<readonly Uint8Array[]> {
    const { log } = this.#kept(id);
    return readBodies(log, refs, log.path);
  }

  async holder(id: string): Promise<Holder> {
    const { owner, fence } = this.#kept(id);
    return owner ? { state: "held", fence, owner: owner.owner } : { state: "free", fence };
  }

  async find(reference: string): Promise<string[]> {
    const wanted = reference.toLowerCase();
    if (this.#sessions.has(wanted)) return [await this.head(wanted)];
    return meantBy(referenceOf(reference), await this.#listed());
  }

  search(text: string, among: readonly ListedSession[], options?: SearchOptions): Promise<Set<string>> {
    return searchSessions(this, text, among, options);
  }

  async list(query: ListQuery = {}): Promise<ListedSession[]> {
    return shownOf(await this.#listed(), query);
  }

  async #listed(): Promise<Listed> {
    return { sessions: await this.everything(), elsewhere: [] };
  }

  async everything(): Promise<ListedSession[]> {
    const listed: ListedSession[] = [];
    for (const [id, { log, owner }] of this.#sessions) {
      const summary = await summaryOf(this, id);
      listed.push({ ...summary, bytes: log.now().size, ...(owner && { holder: owner.owner }) });
    }
    return listed.sort((a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1));
  }

  async head(id: string): Promise<string> {
    let head = id;
    for (const seen = new Set<string>(); !seen.has(head);) {
      seen.add(head);
      const { visitor, successor } = successorWatch();
      await readLog(this.#kept(head).log.now(), visitor);
      const next = successor();
      if (next !== undefined && this.#sessions.has(next)) head = next;
    }
    return head;
  }

  async shelve(id: string): Promise<void> {
    // Every log here can take an event.
    this.#kept(id);
  }

  async queue(id: string, followUp: FollowUp): Promise<string> {
    const head = await this.head(id);
    this.#kept(head).inbox.set(followUp.id, { ...followUp, begun: 0 });
    return head;
  }

  async queued(id: string): Promise<QueuedFollowUp[]> {
    return [...this.#kept(id).inbox.values()]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((each) => ({ ...each }));
  }

  async begin(id: string, followUp: string): Promise<boolean> {
    const waiting = this.#kept(id).inbox.get(followUp);
    if (waiting) waiting.begun++;
    return waiting !== undefined;
  }

  async dequeue(id: string, followUp: string): Promise<boolean> {
    const { inbox, dead } = this.#kept(id);
    return inbox.delete(followUp) || dead.delete(followUp);
  }

  async bury(id: string, followUp: DeadFollowUp): Promise<void> {
    const { inbox, dead } = this.#kept(id);
    dead.set(followUp.id, { ...followUp });
    inbox.delete(followUp.id);
  }

  async buried(id: string): Promise<DeadFollowUp[]> {
    return [...this.#kept(id).dead.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Nothing here is read from files. */
  async unreadable(id: string): Promise<UnreadableFollowUp[]> {
    this.#kept(id);
    return [];
  }

  async remove(id: string, { force = false }: { force?: boolean } = {}): Promise<void> {
    const { owner } = this.#kept(id);
    if (owner && !force)
      throw new Failure(
        "lease-held",
        `Session ${id} is in use; it was not removed. Use force to remove it all the same.`,
        { owner: factsOf(owner.owner) },
      );
    owner?.lose(
      new Failure("session-removed", `Session ${id} was removed while this process worked in it.`, {
        path: id,
      }),
    );
    this.#sessions.delete(id);
    this.#removeSpool(id);
  }

  /** Here removing a session leaves nothing. */
  async sweep(): Promise<string[]> {
    return [];
  }

  async rewrite(
    { id, fence, lost }: SessionLog,
    events: AsyncIterable<readonly Append[]> | Iterable<readonly Append[]>,
  ): Promise<void> {
    const log = new MemoryLog(id);
    const write = async (bytes: Buffer): Promise<void> => void log.add(bytes);
    await new Draft({ fence, clock: this.#clock, write }).writeAll(events);
    lost.throwIfAborted();
    this.#kept(id).log = log;
  }

  async scrub(log: SessionLog, events: readonly NewEvent[]): Promise<void> {
    await this.rewrite(log, [events.map((event) => ({ event }))]);
    Object.assign(this.#kept(log.id), { inbox: new Map(), dead: new Map() });
    this.#removeSpool(log.id);
  }

  #removeSpool(id: string): void {
    if (this.#spools !== undefined) rmSync(join(this.#spools, id), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    if (this.#spools !== undefined) rmSync(this.#spools, { recursive: true, force: true });
    this.#spools = undefined;
  }

  #own(id: string, kept: Kept, doing: string): MemorySession {
    const owner: Owner = {
      host: hostname(),
      machine: "memory",
      boot: "memory",
      pidNamespace: "",
      pid: process.pid,
      started: "",
      version: this.version,
      since: this.#clock.now(),
      doing,
    };
    kept.owner?.lose(
      new Failure("lease-lost", `Session ${id} was taken over (${doing}). What was logged before is kept.`, {
        owner: factsOf(owner),
      }),
    );
    kept.fence++;
    const spool = (callSeq: number): string =>
      join((this.#spools ??= mkdtempSync(join(tmpdir(), "throughline-"))), id, String(callSeq));
    const session = new MemorySession({
      id,
      fence: kept.fence,
      log: kept.log,
      owner,
      clock: this.#clock,
      spool,
      letGo: () => {
        if (kept.owner === session) kept.owner = undefined;
      },
    });
    kept.owner = session;
    return session;
  }

  #kept(id: string): Kept {
    const kept = this.#sessions.get(id);
    if (kept) return kept;
    throw new Failure(
      "session-missing",
      `There is no session ${id} in this store. List them to see which there are.`,
      { reference: id, nearest: [] },
    );
  }
}
