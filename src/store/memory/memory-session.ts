import { Failure } from "../../failure.ts";
import type { Clock } from "../../lib/clock.ts";
import type { BodyRef, LogRecord, Owner } from "../../session/event.ts";
import type { SessionSummary } from "../../session/summary.ts";
import type { Append, ReadReport, SessionLog } from "../../store.ts";
import { Appender } from "../appender.ts";
import { readBodies, readBody } from "../bodies.ts";
import type { MemoryLog } from "./memory-log.ts";

/** What a session in memory is opened with. */
export interface OpenedInMemory {
  id: string;
  fence: number;
  log: MemoryLog;
  owner: Owner;
  clock: Clock;
  spool(callSeq: number): string;
  /** Called when it is given back. */
  letGo(): void;
}

/** A session in memory that this process owns. */
export class MemorySession implements SessionLog {
  readonly id: string;
  readonly fence: number;
  readonly owner: Owner;
  report: ReadReport;
  readonly #opened: OpenedInMemory;
  readonly #log: MemoryLog;
  readonly #appender: Appender;
  readonly #lost = new AbortController();

  constructor(opened: OpenedInMemory) {
    const { id, fence, log, owner, clock } = opened;
    this.#opened = opened;
    this.id = id;
    this.fence = fence;
    this.owner = owner;
    this.#log = log;
    this.report = { bytes: log.now().size, nextSeq: log.lines, damage: [] };
    this.#appender = new Appender(fence, log.lines, clock, (bytes) => log.add(bytes));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  append(...events: Append[]): Promise<LogRecord[]> {
    return this.#appender.append(events);
  }

  bodies(refs: readonly BodyRef[]): AsyncIterable<readonly Uint8Array[]> {
    return readBodies(this.#log, refs, this.#log.path);
  }

  body(ref: BodyRef): Promise<Uint8Array> {
    return readBody(this.#log, ref, this.#log.path);
  }

  spool(callSeq: number): string {
    return this.#opened.spool(callSeq);
  }

  doing(what: string): void {
    this.owner.doing = what;
  }

  describe(_summary: SessionSummary): void {
    // Lists are made from the logs here.
  }

  async release(): Promise<void> {
    await this.#appender.settled();
    this.lose(
      new Failure(
        "lease-lost",
        `Session ${this.id} was given back by this process; open it again to append.`,
        {},
      ),
    );
    this.#opened.letGo();
  }

  lose(failure: Failure): void {
    this.#appender.close(failure);
    this.#lost.abort(failure);
  }
}
