import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  fsyncSync,
  readSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { appendAll } from "../../lib/write.ts";
import { crashPoint } from "../../lib/fault.ts";
import { isSystemError, syncPath } from "../../lib/system.ts";
import type { Failure } from "../../failure.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Committed } from "../appender.ts";
import { checkedFrom } from "../line.ts";
import { crashHalfWritten, openPrivate, sessionRemoved, storeFailure, syncData } from "./files.ts";
import { leaseLost, type OwnLease } from "./lease-file.ts";

/** The log of a session's folder. */
export const logPath = (folder: string): string => join(folder, "log.jsonl");
/** The file that torn ends of the log are moved to. */
export const tornPath = (folder: string): string => join(folder, "log.torn");

/**
 * A disk whose sync takes less than this is waited for synchronously, which saves the way through the thread pool (a seventh of the rate
 * at 0.24 ms a sync).
 */
const fastSyncMs = 2;
/** After so long in synchronous syncs the event loop gets its turn. */
const longestHoldMs = 50;

/**
 * The end of a session's log. One write call and one fdatasync a group.
 *
 * Before the write and after the fdatasync it is checked that no higher lease exists; only then is a group acknowledged. So whatever is
 * acknowledged counts: a new owner (1) makes the higher lease, (2) removes this one's file, (3) appends `lease-taken`, (4) reads. A group
 * whose second check passed had its bytes in the file before (2), so they stand before the `lease-taken` of (3), and what an older lease
 * wrote before that line counts. A group that comes later fails its second check: it is not acknowledged, and its lines, if they stand
 * behind (3), are ignored by every reader.
 */
export class LogFile {
  readonly #id: string;
  readonly #folder: string;
  readonly #fd: number;
  readonly #lease: OwnLease;
  readonly #clock: Clock;
  /** Where our last write ended. The file may be longer: a writer that lost its lease may have put something after it. */
  #end: number;
  /** Bytes of the last write that the system took. */
  #wrote = 0;
  #syncMs = 0;
  #yielded = performance.now();

  constructor(folder: string, id: string, lease: OwnLease, clock: Clock) {
    this.#clock = clock;
    this.#id = id;
    this.#folder = folder;
    this.#lease = lease;
    this.#fd = openPrivate(logPath(folder), "a+");
    try {
      this.#end = fstatSync(this.#fd).size;
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** As of the last append. */
  get length(): number {
    return this.#end;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /**
   * Synchronous where the disk is fast. The check before the write only saves writing lines that wouldn't count; what is acknowledged
   * rests on the check after it.
   */
  readonly commit = (lines: Buffer): Committed | Promise<Committed> => {
    try {
      if (this.#lease.hasSuccessor()) {
        const failure = this.refusal();
        if (failure) return { failure, final: true };
      }
      this.#write(lines);
      const started = performance.now();
      if (this.#syncMs < fastSyncMs && started - this.#yielded < longestHoldMs) {
        fdatasyncSync(this.#fd);
        this.#syncMs = performance.now() - started;
        return this.#acknowledge(lines);
      }
    } catch (error) {
      return this.#undo(error);
    }
    return this.#syncAside(lines);
  };

  #acknowledge(bytes: Buffer): Committed {
    try {
      const { nlink, size } = fstatSync(this.#fd);
      const lost = this.refusal(nlink);
      if (lost) return { failure: lost, final: true };
      const start = size - this.#end === bytes.length ? this.#end : this.#find(bytes, this.#end, size);
      this.#end = size;
      return { offset: start };
    } catch (error) {
      return this.#undo(error);
    }
  }

  async #syncAside(bytes: Buffer): Promise<Committed> {
    const started = performance.now();
    try {
      await syncData(this.#fd);
    } catch (error) {
      return this.#undo(error);
    }
    this.#yielded = performance.now();
    this.#syncMs = this.#yielded - started;
    return this.#acknowledge(bytes);
  }

  /** Why nothing may be written any more, or `undefined`. */
  refusal(links = fstatSync(this.#fd).nlink): Failure | undefined {
    if (links === 0) return sessionRemoved(this.#id, this.#folder);
    if (this.#lease.isHighest()) return undefined;
    return existsSync(this.#folder)
      ? leaseLost(this.#folder, this.#id, this.#lease.fence, this.#clock)
      : sessionRemoved(this.#id, this.#folder);
  }

  #write(bytes: Buffer): void {
    crashHalfWritten(this.#fd, bytes);
    // After a short write the next write tells the cause.
    this.#wrote = 0;
    while (this.#wrote < bytes.length) this.#wrote += writeSync(this.#fd, bytes, this.#wrote);
    crashPoint("append-not-synced");
  }

  /** Takes back what was not acknowledged. Where that fails too, what the log holds is unknown until it is read again. */
  #undo(error: unknown): Committed {
    const failure = storeFailure(
      error,
      logPath(this.#folder),
      `Session ${this.#id} holds everything that was acknowledged.`,
    );
    try {
      const { size } = fstatSync(this.#fd);
      // Only bytes known to be ours are cut off: an owner that took over meanwhile may have appended after them.
      if (size - this.#end <= this.#wrote && this.#lease.isHighest()) {
        ftruncateSync(this.#fd, this.#end);
        return { failure, final: false };
      }
    } catch (second) {
      if (!isSystemError(second)) throw second;
    }
    return { failure, final: true };
  }

  /** The offset of our bytes when a writer that had lost its lease wrote at the same time. */
  #find(bytes: Buffer, from: number, to: number): number {
    const region = Buffer.alloc(to - from);
    readSync(this.#fd, region, 0, region.length, from);
    const head = bytes.subarray(0, Math.min(bytes.length, 2 * checkedFrom));
    const at = region.indexOf(bytes.length < 2 ** 16 ? bytes : head);
    return from + Math.max(0, at);
  }
}

/** Ends a last line that lacks nothing but its newline. Durable with the next append. */
export function endLine(folder: string): void {
  const log = openPrivate(logPath(folder), "a");
  try {
    writeSync(log, "\n");
  } finally {
    closeSync(log);
  }
}

/**
 * Moves what follows `whole` into `log.torn`, durably and under its name, before it leaves the log, which is durable with the next append.
 * Returns its place there.
 */
export function setAsideTorn(folder: string, whole: number): { from: number; to: number } | undefined {
  const log = openPrivate(logPath(folder), "r+");
  try {
    const { size } = fstatSync(log);
    if (size <= whole) return undefined;
    const torn = openPrivate(tornPath(folder), "a");
    try {
      const from = fstatSync(torn).size;
      const block = Buffer.allocUnsafe(Math.min(2 ** 22, size - whole));
      for (let at = whole; at < size;) {
        const read = readSync(log, block, 0, Math.min(block.length, size - at), at);
        if (read === 0) break;
        appendAll(torn, block.subarray(0, read));
        at += read;
      }
      writeSync(torn, "\n");
      fsyncSync(torn);
      syncPath(folder);
      ftruncateSync(log, whole);
      return { from, to: from + size - whole };
    } finally {
      closeSync(torn);
    }
  } finally {
    closeSync(log);
  }
}
