import { schemaVersion, sessionEvent, type EventOf, type LogRecord } from "../session/event.ts";
import { upcast } from "../session/upcast.ts";
import { schemaNewer, type Position } from "./reader.ts";
import { decodeVerified, newline } from "./line.ts";
import { readFully, type LogSource } from "./source.ts";

/** How a line begins whose header wasn't touched; the order of these members is the codec's. */
const lineStart = /^\{"crc":"[0-9a-f]{8}","seq":(\d+),"fence":(\d+),"at":[\d.]+,"type":"([^"]+)"/u;
const headBytes = 160;
/** How many lines, and bytes, before a checkpoint are searched for a higher lease. */
const linesAsked = 64;
const bytesAsked = 2 ** 20;

interface BackwardLine {
  bytes: Buffer;
  from: number;
  to: number;
  /** Offset of the line's first byte in the log. */
  offset: number;
}

/** The log's lines from the last to the first, in blocks that grow with the longest line. What isn't ended by a newline is left out. */
async function* linesBackward(log: LogSource): AsyncGenerator<BackwardLine> {
  let end = log.size;
  let carried: Buffer = Buffer.alloc(0);
  let complete = false;
  while (end > 0) {
    const length = Math.min(end, Math.max(2 ** 18, carried.length));
    const start = end - length;
    const block = Buffer.allocUnsafe(length + carried.length);
    if ((await readFully(log.bytes, block.subarray(0, length), start)) < length) return;
    carried.copy(block, length);
    let lineEnd = block.length;
    for (
      let at = block.lastIndexOf(newline, length - 1);
      at >= 0;
      at = at === 0 ? -1 : block.lastIndexOf(newline, at - 1)
    ) {
      if (complete && at + 1 < lineEnd)
        yield { bytes: block, from: at + 1, to: lineEnd, offset: start + at + 1 };
      complete = true;
      lineEnd = at;
    }
    carried = complete ? block.subarray(0, lineEnd) : Buffer.alloc(0);
    end = start;
  }
  if (complete && carried.length > 0) yield { bytes: carried, from: 0, to: carried.length, offset: 0 };
}

function headOf({ bytes, from, to }: BackwardLine): { seq: number; fence: number; type: string } | undefined {
  const found = lineStart.exec(bytes.toString("latin1", from, Math.min(to, from + headBytes)));
  return found ? { seq: Number(found[1]), fence: Number(found[2]), type: found[3]! } : undefined;
}

/**
 * The last `turn-ended` whose checksum holds and before which no higher lease is seen, or `undefined` when there is none or when it isn't
 * certain that it counts. An earlier one would do as well: what follows it is read in any case.
 */
export async function findCheckpoint(log: LogSource): Promise<LogRecord<EventOf<"turn-ended">> | undefined> {
  let record: LogRecord<EventOf<"turn-ended">> | undefined;
  let asked = 0;
  for await (const line of linesBackward(log)) {
    const head = headOf(line);
    if (record) {
      if (head && head.fence > record.event.fence) return undefined;
      const isFirstOfLease = head?.type === "lease-taken" || head?.type === "session-created";
      if (isFirstOfLease && head.fence === record.event.fence) break;
      if (++asked === linesAsked || record.offset - line.offset > bytesAsked) break;
      continue;
    }
    if (head?.type !== "turn-ended") continue;
    const decoded = decodeVerified(line.bytes, line.from, line.to);
    if (!decoded) continue;
    const { schema, offset } = (decoded.event as unknown as EventOf<"turn-ended">).checkpoint;
    if (schema > schemaVersion) throw schemaNewer(log.path, schema);
    if (offset < 0 || offset > line.offset || !(await beginsLine(log, offset))) return undefined;
    const event = schema < schemaVersion ? upcast(decoded.event, schema) : decoded.event;
    if (!sessionEvent.safeParse(event).success) return undefined;
    record = { event: event as unknown as EventOf<"turn-ended">, offset: line.offset };
  }
  return record;
}

async function beginsLine(log: LogSource, offset: number): Promise<boolean> {
  if (offset === 0) return true;
  const before = Buffer.alloc(1);
  return (await readFully(log.bytes, before, offset - 1)) === 1 && before[0] === newline;
}

/** The last line that counts, and the offset after it. */
export type End = Position & { offset: number };

/**
 * Where a new owner goes on: the last line that counts, and the offset after it. `fence` is the highest lease known to have written, so
 * that a line of it is known to count. `undefined` when no such line is near the end; then the whole log has to be read for it.
 */
export async function findEnd(log: LogSource, fence: number): Promise<End | undefined> {
  let looked = 0;
  for await (const line of linesBackward(log)) {
    const head = headOf(line);
    if (head && head.fence >= fence && decodeVerified(line.bytes, line.from, line.to)) {
      return { lastSeq: head.seq, fence: head.fence, offset: line.offset + line.to - line.from + 1 };
    }
    looked += line.to - line.from;
    if (looked > 8 * 2 ** 20) return undefined;
  }
  return undefined;
}
