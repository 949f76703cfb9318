import { sleep } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { crashPoint } from "../../lib/fault.ts";
import { schemaVersion, type Owner } from "../../session/event.ts";
import { factsVersion } from "../../session/facts.ts";
import { judge, type Lease, type Verdict } from "../../session/lease.ts";
import type { Damage, LogVisitor, ReadOptions } from "../../store.ts";
import { Appender } from "../appender.ts";
import { noSessionIn } from "../damage.ts";
import { newline } from "../line.ts";
import { schemaNewer } from "../reader.ts";
import { readLog, readRest, type ScanReport } from "../scan.ts";
import { readFully, type LogSource } from "../source.ts";
import { findEnd, type End } from "../tail.ts";
import { FileSource } from "./file-source.ts";
import { isNoRoom, refuseLink } from "./files.ts";
import { inboxPath } from "./inbox.ts";
import { fateOfOwner, leaseHeld, leaseNumbers, OwnLease, readLease } from "./lease-file.ts";
import { spoolPath } from "./paths.ts";
import { dropRewritten } from "./rewrite.ts";
import { endLine, LogFile, setAsideTorn, tornPath } from "./log-file.ts";

/** How to wait for the verdict on an owner that can't be looked at (on another host), and how to end that wait. */
export interface Watching {
  /** How long the owner's counter must stand still, milliseconds; 30 s unless given. */
  silenceMs?: number;
  /** Called once, when the wait begins. */
  onWatch?: (owner: Owner) => void;
  /** Ends the wait; it rejects with the signal's reason then. */
  signal?: AbortSignal;
}

/** How a session is acquired, and by whom. */
export interface AcquireOptions extends ReadOptions, Watching {
  owner: Owner;
  force: boolean;
}

/** A session that was acquired: its lease, its log, and what reading it found. */
export interface Acquired {
  lease: OwnLease;
  log: LogFile;
  source: FileSource;
  report: ScanReport;
}

const ignore: LogVisitor = { record: () => undefined };

/** Takes the lease of the session in `folder`, appends `lease-taken`, and only then reads the log. Leaves nothing open when it throws. */
export async function acquireFolder(
  folder: string,
  id: string,
  visitor: LogVisitor,
  clock: Clock,
  options: AcquireOptions,
): Promise<Acquired> {
  let source = new FileSource(folder);
  let lease: OwnLease | undefined;
  let log: LogFile | undefined;
  try {
    for (const path of [inboxPath(folder), spoolPath(folder)]) refuseLink(path);
    lease = await takeLease(folder, id, source, clock, options);
    // From here on the owner before can't put a log in the place of this one any more. It may have done so while it was waited for: then the
    // log is another file.
    dropRewritten(folder);
    const before = source;
    source = new FileSource(folder);
    await before.close();
    const torn = await settleEnd(folder, source);
    log = new LogFile(folder, id, lease, clock);
    await appendLeaseTaken(log, lease, source, clock, options);
    crashPoint("lease-taken");
    const report = await readLog(source.now(), visitor, options);
    if (torn) report.damage.push(torn);
    return { lease, log, source, report };
  } catch (error) {
    lease?.release();
    log?.close();
    await source.close();
    throw error;
  }
}

/**
 * Takes the next lease as soon as nobody holds the one before it. Without `source` the log isn't looked at: for callers that will write
 * nothing to it. Throws `lease-held` (without `force`), and with a `source` what `inspect` throws.
 */
export async function takeLease(
  folder: string,
  id: string,
  source: FileSource | undefined,
  clock: Clock,
  options: Watching & Pick<AcquireOptions, "owner" | "force">,
): Promise<OwnLease> {
  for (;;) {
    const highest = leaseNumbers(folder).at(-1);
    const previous = highest === undefined ? undefined : await awaitVerdict(folder, highest, clock, options);
    if (previous && !options.force && (previous.verdict === "held" || previous.verdict === "watch")) {
      throw leaseHeld(id, highest!, previous.lease?.owner, clock);
    }
    const written = source ? await inspect(id, source.now(), previous?.lease) : 0;
    // Somebody took a lease meanwhile and may have written: what the log was seen to hold is out of date.
    if (leaseNumbers(folder).at(-1) !== highest) continue;
    const fence = Math.max(highest ?? 0, written) + 1;
    const taken = takeNumber(folder, fence, options.owner, source ? undefined : highest);
    if (!taken) continue;
    try {
      taken.removeOlder();
    } catch (error) {
      taken.release();
      throw error;
    }
    return taken;
  }
}

/** With `previous` this works on a full disk too: removing sessions is how people make room. */
function takeNumber(
  folder: string,
  fence: number,
  owner: Owner,
  previous: number | undefined,
): OwnLease | undefined {
  const state: Lease = { fence, schema: schemaVersion, owner, beat: 0, released: false };
  try {
    return OwnLease.take(folder, state);
  } catch (error) {
    if (previous === undefined || !isNoRoom(error)) throw error;
    return OwnLease.take(folder, state, previous);
  }
}

/** Looks at the lease until a verdict is reached: at once, unless the owner can't be looked at. */
async function awaitVerdict(
  folder: string,
  number: number,
  clock: Clock,
  options: Watching & Pick<AcquireOptions, "force">,
): Promise<{ verdict: Verdict; lease: Lease | undefined } | undefined> {
  let first: string | undefined;
  const since = clock.monotonic();
  for (;;) {
    const file = readLease(folder, number);
    if (!file) return undefined;
    const { lease, text } = file;
    const fate = lease ? fateOfOwner(lease.owner) : "out-of-sight";
    // A counter that moved while it was watched belongs to an owner that lives.
    if (first !== undefined && first !== text) return { verdict: lease?.released ? "free" : "held", lease };
    const isFirst = first === undefined;
    first = text;
    const verdict = judge(lease, { fate, unchangedMs: clock.monotonic() - since }, options);
    if (verdict !== "watch" || options.force) return { verdict, lease };
    if (isFirst && lease) options.onWatch?.(lease.owner);
    await sleep(Math.min(200, (options.silenceMs ?? 200) / 4), options.signal);
  }
}

/**
 * Before anything is written: that the log is a session's, and of a version that this one understands. Returns the highest lease that
 * wrote to it, as far as it isn't certain that its file is there. Each owner's lease file names its schema, and an older version never
 * becomes the owner after a newer one, so the highest file speaks for the log; only where it doesn't fit the log is all of it read.
 */
async function inspect(id: string, log: LogSource, previous: Lease | undefined): Promise<number> {
  if (previous && previous.schema > schemaVersion) throw schemaNewer(log.path, previous.schema);
  // The first line by itself: it names the schema in which the session was made.
  await readLog({ ...log, size: await lengthOfFirst(log) }, ignore);
  const end = await findEnd(log, 0);
  if (end && previous && end.fence <= previous.fence) return previous.fence;
  const report = await readLog(log, ignore);
  if (report.delivered === 0) throw noSessionIn(id, log.path);
  return report.fence;
}

/** Sets aside what a writer that died left of its last line. A line that lacks nothing but its newline gets it. */
async function settleEnd(folder: string, source: FileSource): Promise<Damage | undefined> {
  const log = source.now();
  const end = await lastNewline(log);
  if (end === log.size) return undefined;
  const { whole } = await readRest(log, end, ignore);
  if (whole === log.size) {
    endLine(folder);
    return undefined;
  }
  const place = setAsideTorn(folder, whole);
  if (!place) return undefined;
  const why = `the last line was not written to its end; its ${place.to - place.from} bytes are in ${tornPath(folder)}`;
  return { kind: "torn-tail", ...place, why };
}

/** Length of the first line with its newline; 0 when it is longer than any that names a schema. */
async function lengthOfFirst(log: LogSource): Promise<number> {
  const block = Buffer.alloc(Math.min(log.size, 2 ** 16));
  await readFully(log.bytes, block, 0);
  return block.indexOf(newline) + 1;
}

/** The offset after the last newline. */
async function lastNewline(log: LogSource): Promise<number> {
  const block = Buffer.alloc(2 ** 16);
  for (let end = log.size; end > 0;) {
    const start = Math.max(0, end - block.length);
    await readFully(log.bytes, block.subarray(0, end - start), start);
    const at = block.subarray(0, end - start).lastIndexOf(newline);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

/**
 * Appends `lease-taken` with the number that follows the last event that counts. A writer that was just replaced may have slipped a group
 * in between (unacknowledged), with the same number; then `lease-taken` doesn't count and is appended again, after it.
 */
async function appendLeaseTaken(
  log: LogFile,
  lease: OwnLease,
  source: FileSource,
  clock: Clock,
  { owner, force }: Pick<AcquireOptions, "owner" | "force">,
): Promise<void> {
  let end: End = (await findEnd(source.now(), lease.fence - 1)) ?? (await readThrough(source.now()));
  for (;;) {
    const appender = new Appender(lease.fence, end.lastSeq + 1, clock, log.commit);
    await appender.append([
      { event: { type: "lease-taken", schema: schemaVersion, facts: factsVersion, owner, forced: force } },
    ]);
    let counted = false;
    const watch: LogVisitor = { record: ({ event }) => (counted ||= event.fence === lease.fence) };
    const rest = await readRest(source.now(), end.offset, watch, end);
    if (counted) return;
    end = { lastSeq: rest.nextSeq - 1, fence: rest.fence, offset: rest.whole };
  }
}

async function readThrough(log: LogSource): Promise<End> {
  const report = await readLog(log, ignore);
  return { lastSeq: report.nextSeq - 1, fence: report.fence, offset: report.whole };
}
