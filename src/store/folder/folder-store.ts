import { existsSync, readlinkSync, renameSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { Failure, isFailure } from "../../failure.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { crashPoint } from "../../lib/fault.ts";
import { identifyProcess } from "../../lib/process.ts";
import { schemaVersion, type BodyRef, type Owner } from "../../session/event.ts";
import { judge } from "../../session/lease.ts";
import type {
  Append,
  FollowUp,
  Holder,
  ListedSession,
  ListQuery,
  LogVisitor,
  ReadOptions,
  ReadReport,
  SessionLog,
  SessionStore,
} from "../../store.ts";
import { Appender } from "../appender.ts";
import { readBody } from "../bodies.ts";
import type { Listing } from "../listing.ts";
import { readLog } from "../scan.ts";
import { summarizeLog } from "../summarize.ts";
import { acquireFolder, takeLease } from "./acquire.ts";
import { FileSource } from "./file-source.ts";
import { makeFolder, storeFailure, syncFolder } from "./files.ts";
import { FolderSession } from "./folder-session.ts";
import { followUps, inboxPath, putFollowUp, takeFollowUp } from "./inbox.ts";
import { fateOfOwner, leaseNumbers, OwnLease, readLease } from "./lease-file.ts";
import { listFolders } from "./list.ts";
import { LogFile } from "./log-file.ts";
import { locate, placeOf, places, sessionsPath } from "./paths.ts";

export interface FolderStoreOptions {
  /** Of the program, for the lease and messages. */
  version: string;
  clock?: Clock;
  /** The cache for lists (`store/catalog`); without one every list reads the logs. */
  listing?: Listing;
  /** How long the counter of an owner out of sight must stand still before it counts as dead; 30 s unless given. */
  silenceMs?: number;
}

/** Sessions as folders under `home` (architecture.md "A session is a folder"). The home is made when the first session is. */
export function folderStore(home: string, options: FolderStoreOptions): SessionStore {
  return new FolderStore(resolve(home), options);
}

class FolderStore implements SessionStore {
  readonly #home: string;
  readonly #version: string;
  readonly #clock: Clock;
  readonly #listing: Listing | undefined;
  readonly #silenceMs: number | undefined;

  constructor(home: string, { version, clock = systemClock, listing, silenceMs }: FolderStoreOptions) {
    this.#home = home;
    this.#version = version;
    this.#clock = clock;
    this.#listing = listing;
    this.#silenceMs = silenceMs;
  }

  /** Made under another name and renamed when it is whole, so that a crash leaves a session or none. */
  async create(id: string, created: Append, doing: string): Promise<SessionLog> {
    const folder = placeOf(this.#home, id, this.#clock.now());
    if (locate(this.#home, id, this.#clock.now()) !== undefined) throw exists(id, folder);
    const making = join(dirname(folder), `.new-${id}-${process.pid}`);
    let lease: OwnLease | undefined;
    let log: LogFile | undefined;
    try {
      for (const path of [this.#home, sessionsPath(this.#home), dirname(folder)]) makeFolderAndParents(path);
      rmSync(making, { recursive: true, force: true });
      for (const path of [making, inboxPath(making), join(making, "spool")]) makeFolder(path);
      crashPoint("session-folder-made");
      const state = { fence: 1, schema: schemaVersion, owner: this.#owner(doing), beat: 0, released: false };
      lease = OwnLease.take(making, state)!;
      log = new LogFile(making, id, lease, this.#clock);
      await new Appender(1, 0, this.#clock, log.commit).append([created]);
      log.close();
      log = undefined;
      syncFolder(making);
      if (existsSync(folder)) throw exists(id, folder);
      renameSync(making, folder);
      syncFolder(dirname(folder));
      lease.movedTo(folder);
      log = new LogFile(folder, id, lease, this.#clock);
      const report = { bytes: log.length, nextSeq: 1, damage: [] };
      const source = new FileSource(folder);
      return new FolderSession({
        id,
        folder,
        lease,
        log,
        source,
        report,
        clock: this.#clock,
        listing: this.#listing,
      });
    } catch (error) {
      lease?.release();
      log?.close();
      rmSync(making, { recursive: true, force: true });
      throw isSystemError(error) ? storeFailure(error, folder, "No session was made.") : error;
    }
  }

  async acquire(
    id: string,
    visitor: LogVisitor,
    { doing, force = false, ...read }: ReadOptions & { doing: string; force?: boolean },
  ): Promise<SessionLog> {
    const folder = this.#locate(id);
    const silence = this.#silenceMs === undefined ? {} : { silenceMs: this.#silenceMs };
    try {
      const owner = this.#owner(doing);
      const acquired = await acquireFolder(folder, id, visitor, this.#clock, {
        ...read,
        owner,
        force,
        ...silence,
      });
      return new FolderSession({ id, folder, ...acquired, clock: this.#clock, listing: this.#listing });
    } catch (error) {
      throw asFailure(error, folder, `Session ${id} was left as it is.`);
    }
  }

  async read(id: string, visitor: LogVisitor, options?: ReadOptions): Promise<ReadReport> {
    return this.#withSource(id, (source) => readLog(source.now(), visitor, options));
  }

  async body(id: string, ref: BodyRef): Promise<Uint8Array> {
    return this.#withSource(id, (source) => readBody(source, ref, source.path));
  }

  async holder(id: string): Promise<Holder> {
    return holderOf(this.#locate(id));
  }

  async find(reference: string): Promise<string[]> {
    const wanted = reference.toLowerCase();
    const ids = places(this.#home).map((place) => place.id);
    const byId = /^[0-9a-f-]+$/u.test(wanted) ? ids.filter((id) => id.startsWith(wanted)) : [];
    if (byId.length > 0 && wanted.length === 36) return byId;
    const named = (await this.list())
      .filter((session) => session.name === reference)
      .map((session) => session.id);
    return [...new Set([...byId, ...named])].sort((a, b) => (a < b ? 1 : -1));
  }

  async list(query: ListQuery = {}): Promise<ListedSession[]> {
    try {
      return await listFolders(this.#home, query, {
        listing: this.#listing,
        summarize: (id) => summarizeLog(id, (visitor) => this.read(id, visitor, { from: "window" })),
        holder: holderOf,
      });
    } catch (error) {
      throw asFailure(error, sessionsPath(this.#home), "Nothing was changed.");
    }
  }

  async queue(id: string, followUp: FollowUp): Promise<void> {
    const folder = this.#locate(id);
    try {
      putFollowUp(folder, followUp);
    } catch (error) {
      throw asFailure(error, inboxPath(folder), `The message was not queued for session ${id}.`);
    }
  }

  async queued(id: string): Promise<FollowUp[]> {
    return followUps(this.#locate(id)).queued;
  }

  async dequeue(id: string, followUp: string): Promise<void> {
    const folder = this.#locate(id);
    try {
      takeFollowUp(folder, followUp);
    } catch (error) {
      throw asFailure(error, inboxPath(folder), `The message stays queued for session ${id}.`);
    }
  }

  /** The folder leaves its name first, so that a crash never leaves half a session under it. */
  async remove(id: string, { force = false }: { force?: boolean } = {}): Promise<void> {
    const folder = this.#locate(id);
    try {
      await this.#fenceOff(folder, id, force);
      const gone = join(dirname(folder), `.gone-${basename(folder)}`);
      rmSync(gone, { recursive: true, force: true });
      renameSync(folder, gone);
      rmSync(gone, { recursive: true, force: true });
      syncFolder(dirname(folder));
    } catch (error) {
      throw asFailure(error, folder, `Session ${id} was not removed, or not all of it.`);
    }
    await this.#listing?.remove([id]);
  }

  /** Removing always works (R21): a log that is missing, foreign or of a newer version is no reason to keep it. */
  async #fenceOff(folder: string, id: string, force: boolean): Promise<void> {
    const held = holderOf(folder);
    const options = { owner: this.#owner("removing it"), force: force || held.state === "free" };
    const source = openIfThere(folder);
    if (!source) return;
    try {
      (await takeLease(folder, id, source, this.#clock, { ...options, anyLog: true })).release();
    } finally {
      await source.close();
    }
  }

  async close(): Promise<void> {
    await this.#listing?.close();
  }

  #locate(id: string): string {
    const folder = locate(this.#home, id, this.#clock.now());
    if (folder !== undefined) return folder;
    const nearest = places(this.#home)
      .map((place) => place.id)
      .filter((other) => other.slice(0, 6) === id.slice(0, 6))
      .slice(0, 3);
    const message =
      `There is no session ${id} under ${sessionsPath(this.#home)}.` +
      (nearest.length > 0 ? ` The nearest: ${nearest.join(", ")}.` : "") +
      " See which there are with: throughline sessions --all";
    throw new Failure("session-missing", message, { reference: id, nearest });
  }

  async #withSource<T>(id: string, use: (source: FileSource) => Promise<T>): Promise<T> {
    const folder = this.#locate(id);
    let source: FileSource | undefined;
    try {
      source = new FileSource(folder);
      return await use(source);
    } catch (error) {
      throw asFailure(error, folder, `Session ${id} was left as it is.`);
    } finally {
      await source?.close();
    }
  }

  #owner(doing: string): Owner {
    const identity = identifyProcess();
    if (!identity) throw new Error(`the system doesn't say when process ${process.pid} started`);
    const tty = terminal();
    const { machine, boot, pidNamespace, pid, started } = identity;
    return {
      host: hostname(),
      machine,
      boot,
      pidNamespace,
      pid,
      started,
      ...(tty === undefined ? {} : { tty }),
      version: this.#version,
      since: this.#clock.now(),
      doing,
    };
  }
}

/** As it looks at once: an owner out of sight counts as holding. */
export function holderOf(folder: string): Holder {
  const fence = leaseNumbers(folder).at(-1);
  const file = fence === undefined ? undefined : readLease(folder, fence);
  if (fence === undefined || !file) return { state: "free" };
  const { lease } = file;
  if (!lease) return { state: "held", fence };
  const verdict = judge(lease, { fate: fateOfOwner(lease.owner), unchangedMs: 0 });
  return verdict === "free" || verdict === "dead"
    ? { state: "free" }
    : { state: "held", fence, owner: lease.owner };
}

/** The terminal that this process is worked at, as the platform names it. */
function terminal(): string | undefined {
  if (!process.stdin.isTTY || process.platform !== "linux") return undefined;
  try {
    return readlinkSync("/proc/self/fd/0");
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).syscall !== "string") throw error;
    return undefined;
  }
}

function openIfThere(folder: string): FileSource | undefined {
  try {
    return new FileSource(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function makeFolderAndParents(path: string): void {
  if (!existsSync(dirname(path))) makeFolderAndParents(dirname(path));
  if (makeFolder(path)) syncFolder(dirname(path));
}

function exists(id: string, path: string): Failure<"usage"> {
  return new Failure(
    "usage",
    `Session ${id} exists already (${path}); nothing was changed. See it with: throughline show ${id}`,
    {},
  );
}

function isSystemError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException | undefined)?.syscall === "string";
}

/** What the system says becomes a failure of the store; mistakes of the program stay what they are. */
function asFailure(error: unknown, path: string, kept: string): unknown {
  if (isFailure(error) || !isSystemError(error)) return error;
  if ((error as NodeJS.ErrnoException).code === "ENOENT") {
    const message = `${path} is incomplete: ${(error as Error).message}. ${kept} throughline sessions --all lists the others.`;
    return new Failure("session-damaged", message, { path }, { cause: error });
  }
  return storeFailure(error, path, kept);
}
