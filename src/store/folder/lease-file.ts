import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  readdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { formatTime } from "../../lib/date.ts";
import { readText } from "../../lib/open-file.ts";
import { hasCode, isSystemError, syncPath } from "../../lib/system.ts";
import { z } from "zod";
import { Failure } from "../../failure.ts";
import type { Clock } from "../../lib/clock.ts";
import { crashesAt, crashPoint } from "../../lib/fault.ts";
import { parseJson } from "../../lib/json.ts";
import { fateOf, isOfThisBoot, type ProcessFate } from "../../lib/process.ts";
import { owner as ownerSchema, type Owner } from "../../session/event.ts";
import { beatEveryMs, type Lease } from "../../session/lease.ts";
import { factsOf } from "../owner.ts";
import { openPrivate } from "./files.ts";

const lease = z.object({
  fence: z.number(),
  schema: z.number(),
  owner: ownerSchema,
  beat: z.number(),
  released: z.boolean(),
});

/** Lease files keep one length, so that writing one again in place never leaves it half of each. */
const fileBytes = 2048;

const leasePath = (folder: string, fence: number): string => join(folder, `lease.${fence}.json`);

/** The numbers of the lease files in a session's folder, lowest first. */
export function leaseNumbers(folder: string): number[] {
  return readdirSync(folder)
    .map((name) => /^lease\.([1-9]\d{0,14})\.json$/u.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** Codes of what `readText` finds in the place of a file and can't be one: as little is known of its owner as from an empty file. */
const saysNothing = ["EFTYPE", "EOVERFLOW"];

/** What a lease file says; `undefined` where it is gone. Without `lease` it is empty, or nothing that a lease is written as. */
export function readLease(folder: string, fence: number): { text: string; lease?: Lease } | undefined {
  let text: string;
  try {
    text = readText(leasePath(folder, fence));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (saysNothing.includes(code)) return { text: code };
    throw error;
  }
  const read = lease.safeParse(parseJson(text));
  // The name is what leases are taken by: counting on from a number that the disk has made of it would never end.
  return read.success && read.data.fence === fence ? { text, lease: read.data } : { text };
}

/** What this process can tell of an owner's process. Cloned machines share their machine id, but hardly their name as well. */
export function fateOfOwner(owner: Owner): ProcessFate {
  return owner.host === hostname() || isOfThisBoot(owner) ? fateOf(owner) : "out-of-sight";
}

/**
 * The lease file of this process. It is written again in place and never by rename: a process that was suspended between looking for a
 * higher lease and renaming would put back a file that the next owner had removed, and with it its right to write.
 */
export class OwnLease {
  readonly fence: number;
  /** Called with every beat. */
  onBeat: (() => void) | undefined;
  readonly #fd: number;
  readonly #timer: NodeJS.Timeout;
  #folder: string;
  #next: string;
  #state: Lease;
  #closed = false;

  private constructor(folder: string, fd: number, state: Lease) {
    this.fence = state.fence;
    this.#folder = folder;
    this.#next = leasePath(folder, state.fence + 1);
    this.#fd = fd;
    this.#state = state;
    this.#timer = setInterval(() => {
      this.#write({ beat: this.#state.beat + 1 });
      this.onBeat?.();
    }, beatEveryMs);
    this.#timer.unref();
  }

  /**
   * `undefined` when somebody else has taken this number, or a higher one meanwhile. With `previous` the file of that lease gets a second
   * name instead of a new file being made, which takes no room on a disk. An owner that lives then beats in the same file: only for a
   * session that is being removed.
   */
  static take(folder: string, state: Lease, previous?: number): OwnLease | undefined {
    const path = leasePath(folder, state.fence);
    let fd: number;
    try {
      if (previous !== undefined) linkSync(leasePath(folder, previous), path);
      fd = openPrivate(path, previous === undefined ? "wx" : "r+");
    } catch (error) {
      if (hasCode(error, "EEXIST")) return undefined;
      throw error;
    }
    try {
      const bytes = encode(state);
      if (crashesAt("lease-half-written")) {
        writeSync(fd, bytes.subarray(0, 40));
        process.kill(process.pid, "SIGKILL");
      }
      writeSync(fd, bytes, 0, bytes.length, 0);
      fsyncSync(fd);
      syncPath(folder);
      if (leaseNumbers(folder).at(-1) !== state.fence) {
        // The owner of the higher one may have removed it already.
        rmSync(path, { force: true });
        closeSync(fd);
        return undefined;
      }
      crashPoint("lease-made");
      return new OwnLease(folder, fd, state);
    } catch (error) {
      rmSync(path, { force: true });
      closeSync(fd);
      throw error;
    }
  }

  /** Lowest first: as long as a lease is missing below it, an owner knows by its own missing file that it was replaced. */
  removeOlder(): void {
    for (const number of leaseNumbers(this.#folder)) {
      if (number >= this.fence) continue;
      rmSync(leasePath(this.#folder, number), { force: true });
    }
  }

  /**
   * Whether this is the highest lease still. Leases are numbered without gaps above a living one, and a new owner removes the older files,
   * lowest first, before it appends anything: so either the next number is there or the own file has lost its name.
   */
  isHighest(): boolean {
    return !this.hasSuccessor() && fstatSync(this.#fd).nlink > 0;
  }

  hasSuccessor(): boolean {
    return existsSync(this.#next);
  }

  /** The session's folder got its name. */
  movedTo(folder: string): void {
    this.#folder = folder;
    this.#next = leasePath(folder, this.fence + 1);
  }

  doing(what: string): void {
    if (what !== this.#state.owner.doing) this.#write({ owner: { ...this.#state.owner, doing: what } });
  }

  /** Gives the lease back, or just lets go of it when it was lost. */
  release(): void {
    if (this.#closed) return;
    const isTold = this.#write({ released: true });
    this.#closed = true;
    clearInterval(this.#timer);
    closeSync(this.#fd);
    // No file is better than one that names a living process: that would hold the lease for as long as the process lives.
    if (!isTold) this.#forget();
  }

  #forget(): void {
    try {
      rmSync(leasePath(this.#folder, this.fence), { force: true });
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }

  /**
   * False when the file can't be written, which costs others a wrong "doing", never the lease. (A full disk doesn't stop it where files are
   * written in place: the bytes are there. Btrfs and ZFS write elsewhere.)
   */
  #write(change: Partial<Lease>): boolean {
    if (this.#closed) return true;
    this.#state = { ...this.#state, ...change };
    const bytes = encode(this.#state);
    try {
      writeSync(this.#fd, bytes, 0, bytes.length, 0);
      return true;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return false;
    }
  }
}

/** Padded with spaces; what the owner does is cut so that it fits. */
function encode(state: Lease): Buffer {
  const { owner } = state;
  const bytes = Buffer.alloc(fileBytes, " ");
  for (let limit = 400; ; limit = Math.floor(limit / 2)) {
    const text = Buffer.from(
      JSON.stringify({ ...state, owner: { ...owner, doing: owner.doing.slice(0, limit) } }),
    );
    if (text.length < fileBytes) {
      text.copy(bytes);
      bytes[fileBytes - 1] = 0x0a;
      return bytes;
    }
    if (limit === 0) throw new RangeError(`lease ${state.fence} doesn't fit into ${fileBytes} bytes`);
  }
}

/** The failure for a session that somebody else works in, with who it is. */
export function leaseHeld(
  id: string,
  fence: number,
  owner: Owner | undefined,
  clock: Clock,
): Failure<"lease-held"> {
  const who = owner
    ? `by process ${owner.pid} on ${owner.host}${owner.tty === undefined ? "" : ` (${owner.tty})`} since ${when(owner.since, clock)}, ` +
      `which is ${owner.doing}`
    : `under lease ${fence}, whose file doesn't say by whom`;
  const message =
    `Session ${id} is in use ${who}. Nothing was changed. ` +
    `Wait until it is done, leave it a message (throughline queue ${id} "…"), or take the session over with: throughline resume ${id} --force`;
  return new Failure("lease-held", message, owner ? { owner: factsOf(owner) } : {});
}

/** The failure for an owner that was replaced, with who took the session, or that has given it back itself. */
export function leaseLost(folder: string, id: string, fence: number, clock: Clock): Failure<"lease-lost"> {
  const { isOwn, owner } = newest(folder, fence);
  const what = owner
    ? `was taken over by process ${owner.pid} on ${owner.host} at ${when(owner.since, clock)} (${owner.doing})`
    : isOwn
      ? "was closed by this process"
      : "is not this process's any more";
  const next = isOwn ? "To go on with it" : "To take the session back";
  const message =
    `Session ${id} ${what}. What this process had logged before is kept; nothing more is written by it. ` +
    `${next}: throughline resume ${id}${isOwn ? "" : " --force"}`;
  return new Failure("lease-lost", message, owner ? { owner: factsOf(owner) } : {});
}

/** Whether this fence is the newest lease's, and otherwise whose that is, as far as it can be read. */
function newest(folder: string, fence: number): { isOwn: boolean; owner?: Owner | undefined } {
  try {
    const highest = leaseNumbers(folder).at(-1);
    if (highest === undefined || highest <= fence) return { isOwn: highest === fence };
    return { isOwn: false, owner: readLease(folder, highest)?.lease?.owner };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { isOwn: false };
  }
}

function when(at: number, clock: Clock): string {
  const minutes = Math.round((clock.now() - at) / 60_000);
  return minutes >= 1 && minutes < 60 * 24 ? `${formatTime(at)} (${minutes} min ago)` : formatTime(at);
}
