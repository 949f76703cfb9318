// Logs made of lines, and what is read of them.
import type { LogRecord, SessionEvent } from "../../src/session/event.ts";
import { created, renamed } from "../../src/store/conformance/events.ts";
import { readLog, type ScanReport } from "../../src/store/scan.ts";
import type { LogSource } from "../../src/store/source.ts";
import { encodeLine } from "./log-line.ts";
import { someOwner } from "./some-owner.ts";

export const id = "0190a000-0000-7000-8000-000000000000";

/** A line of a log, that of a rename unless told otherwise. */
export function line(seq: number, fence: number, append = renamed(`n${seq}`)): Buffer {
  return encodeLine({ seq, fence, at: 1_795_000_000_000, ...append.event } as SessionEvent, append.item)
    .bytes;
}

export const leaseTaken = (schema: number): { event: SessionEvent } => ({
  event: { type: "lease-taken", schema, forced: false, owner: someOwner } as SessionEvent,
});

/** Hands out a few bytes a call, as a slow file system may. */
export function sourceOf(bytes: Buffer, most = Infinity): LogSource {
  const fill = async (target: Uint8Array, at: number): Promise<number> =>
    bytes.copy(target, 0, at, at + Math.min(target.length, most));
  return { path: "log.jsonl", bytes: { read: fill }, size: bytes.length };
}

export interface Read extends ScanReport {
  seqs: number[];
  records: LogRecord[];
  checkpoints: number[];
}

export async function read(bytes: Buffer, from: "start" | "window" = "start"): Promise<Read> {
  const records: LogRecord[] = [];
  const checkpoints: number[] = [];
  const visitor = {
    checkpoint: ({ event }: LogRecord): void => void checkpoints.push(event.seq),
    record: (record: LogRecord): void => void records.push(record),
  };
  const report = await readLog(sourceOf(bytes), visitor, { from });
  return { ...report, records, checkpoints, seqs: records.map(({ event }) => event.seq) };
}

export const head = line(0, 1, created(id));
export const kinds = ({ damage }: Read): string[] => damage.map(({ kind }) => kind);
