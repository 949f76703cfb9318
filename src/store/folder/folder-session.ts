import { join } from "node:path";
import { isSystemError } from "../../lib/system.ts";
import type { Failure } from "../../failure.ts";
import type { Clock } from "../../lib/clock.ts";
import type { BodyRef, LogRecord } from "../../session/event.ts";
import type { SessionSummary } from "../../session/summary.ts";
import type { Append, ReadReport, SessionLog } from "../../store.ts";
import { Appender } from "../appender.ts";
import { readBodies, readBody } from "../bodies.ts";
import type { Listing } from "../listing.ts";
import type { FileSource } from "./file-source.ts";
import { refuseLink } from "./files.ts";
import { asFailure } from "./outside.ts";
import { spoolPath } from "./paths.ts";
import { leaseLost, type OwnLease } from "./lease-file.ts";
import type { LogFile } from "./log-file.ts";

/** What a session in a folder is opened with. */
export interface Opened {
  id: string;
  folder: string;
  lease: OwnLease;
  log: LogFile;
  source: FileSource;
  report: ReadReport;
  clock: Clock;
  listing: Listing | undefined;
}

/** A session in a folder that this process owns. */
export class FolderSession implements SessionLog {
  readonly id: string;
  readonly fence: number;
  readonly report: ReadReport;
  readonly #opened: Opened;
  readonly #appender: Appender;
  readonly #lost = new AbortController();
  #released: Promise<void> | undefined;

  constructor(opened: Opened) {
    const { id, lease, report, clock, log } = opened;
    this.#opened = opened;
    this.id = id;
    this.fence = lease.fence;
    this.report = report;
    this.#appender = new Appender(lease.fence, report.nextSeq, clock, log.commit, (failure) =>
      this.#lose(failure),
    );
    lease.onBeat = () => {
      const failure = lookAtBeat(log);
      if (failure) this.#lose(failure);
    };
    opened.listing?.markRunning(id);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  append(...events: Append[]): Promise<LogRecord[]> {
    return this.#appender.append(events);
  }

  bodies(refs: readonly BodyRef[]): AsyncIterable<readonly Uint8Array[]> {
    return readBodies(this.#opened.source, refs, this.#opened.source.path);
  }

  body(ref: BodyRef): Promise<Uint8Array> {
    return readBody(this.#opened.source, ref, this.#opened.source.path);
  }

  spool(callSeq: number): string {
    const { folder } = this.#opened;
    const own = join(spoolPath(folder), String(callSeq));
    try {
      for (const path of [spoolPath(folder), own]) refuseLink(path);
    } catch (error) {
      throw asFailure(error, folder, `Session ${this.id} was left as it is.`);
    }
    return own;
  }

  doing(what: string): void {
    this.#opened.lease.doing(what);
  }

  describe(summary: SessionSummary): void {
    this.#opened.listing?.put({
      summary: { ...summary, id: this.id },
      bytes: this.#opened.log.length,
      running: this.#released === undefined,
    });
  }

  release(): Promise<void> {
    return (this.#released ??= this.#release());
  }

  async #release(): Promise<void> {
    const { id, folder, lease, log, source, clock, listing } = this.#opened;
    await this.#appender.settled();
    // Whoever appends to a session that was given back, or still follows a tool for it, gets the same failure as when the lease was
    // taken.
    this.#lose(this.#lost.signal.reason ?? leaseLost(folder, id, lease.fence, clock));
    lease.release();
    const { length } = log;
    log.close();
    await source.close();
    listing?.markIdle(id, length);
  }

  #lose(failure: unknown): void {
    this.#appender.close(failure);
    this.#lost.abort(failure);
  }
}

/** One failed look at the disk says nothing about the lease; the next append meets the trouble and reports it. */
function lookAtBeat(log: LogFile): Failure | undefined {
  try {
    return log.refusal();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}
