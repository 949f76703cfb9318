import { Failure } from "../failure.ts";
import type { BodyRef } from "../session/event.ts";
import { itemMark } from "./line.ts";
import { readFully, type ByteSource } from "./source.ts";

const runBytes = 2 ** 20;
/** Up to so many bytes between two refs are read along rather than skipped. */
const gapBytes = 2 ** 16;

/**
 * The bytes of the refs, in their order, one buffer or more each. Neighbours are read in one go and given at once, and the next run is
 * read while one is used, into memory that is used again for the run after it: 200 MB of fresh buffers would have the collector walk the
 * whole history again and again.
 */
export async function* readBodies(
  source: ByteSource,
  refs: readonly BodyRef[],
  path: string,
): AsyncGenerator<readonly Uint8Array[]> {
  const memory = [Buffer.alloc(0), Buffer.alloc(0)];
  const load = (run: Run, turn: number): Promise<Buffer> => {
    const length = headLength(run) + run.length;
    if (memory[turn % 2]!.length < length) memory[turn % 2] = Buffer.allocUnsafeSlow(length);
    const filling = fill(memory[turn % 2]!.subarray(0, length), source, run.offset - headLength(run), path);
    // A read ahead may fail while the caller still works on the run before; the error is told when the caller asks for this run.
    filling.catch(() => undefined);
    return filling;
  };
  const runs = cutRuns(refs);
  let next = runs.next();
  let loading = next.done ? undefined : load(next.value, 0);
  try {
    for (let turn = 1; loading && !next.done; turn++) {
      const run = next.value;
      const bytes = await loading;
      next = runs.next();
      loading = next.done ? undefined : load(next.value, turn);
      yield viewsOf(bytes, run, refs, path);
    }
  } finally {
    // The caller may close the file after this: no read may still be under way.
    await Promise.allSettled([loading]);
  }
}

/** One item's bytes, in memory of their own. */
export async function readBody(source: ByteSource, ref: BodyRef, path: string): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(itemMark.length + ref.length);
  await fill(bytes, source, ref.offset - itemMark.length, path);
  checkMark(bytes, itemMark.length, ref, path);
  return bytes.subarray(itemMark.length);
}

/** What is read in one go: the refs `[first, past)`, or a piece of one that is too long. */
interface Run extends BodyRef {
  first: number;
  past: number;
  /** Not the first piece of its ref: no item begins with it. */
  isRest?: true;
}

/** Bytes before a run that are read along: those that say that an item follows. */
const headLength = ({ isRest }: Run): number => (isRest ? 0 : itemMark.length);

/** A log that was made anew since the refs were read has other bytes at their offsets, which are nobody's item. */
function checkMark(bytes: Buffer, at: number, { offset }: BodyRef, path: string): void {
  if (bytes.compare(itemMark, 0, itemMark.length, at - itemMark.length, at) === 0) return;
  const message =
    `${path} has no item at byte ${offset} any more: it was made anew while it was read. Nothing was changed by this. ` +
    "Look again with: throughline sessions --all";
  throw new Failure("session-damaged", message, { path });
}

function* cutRuns(refs: readonly BodyRef[]): Generator<Run, undefined> {
  for (let first = 0; first < refs.length;) {
    const { offset, length } = refs[first]!;
    if (length > runBytes) {
      for (let at = 0; at < length; at += runBytes)
        yield {
          offset: offset + at,
          length: Math.min(runBytes, length - at),
          first,
          past: first,
          ...(at > 0 && { isRest: true }),
        };
      first++;
      continue;
    }
    let end = offset + length;
    let past = first + 1;
    for (; past < refs.length; past++) {
      const next = refs[past]!;
      const gap = next.offset - end;
      if (gap < 0 || gap > gapBytes || next.offset + next.length - offset > runBytes) break;
      end = next.offset + next.length;
    }
    yield { offset, length: end - offset, first, past };
    first = past;
  }
  return undefined;
}

function viewsOf(bytes: Buffer, run: Run, refs: readonly BodyRef[], path: string): Uint8Array[] {
  const head = headLength(run);
  if (run.first === run.past) {
    if (head > 0) checkMark(bytes, head, run, path);
    return [bytes.subarray(head)];
  }
  const views: Uint8Array[] = [];
  for (let nth = run.first; nth < run.past; nth++) {
    const { offset, length } = refs[nth]!;
    const at = head + offset - run.offset;
    checkMark(bytes, at, refs[nth]!, path);
    views.push(new Uint8Array(bytes.buffer, bytes.byteOffset + at, length));
  }
  return views;
}

async function fill(bytes: Buffer, source: ByteSource, offset: number, path: string): Promise<Buffer> {
  if ((await readFully(source, bytes, offset)) < bytes.length) {
    const message =
      `${path} ends before byte ${offset + bytes.length}: its session was scrubbed, or the file was cut, while it was read. Nothing was changed by this. ` +
      "Look again with: throughline sessions --all";
    throw new Failure("session-damaged", message, { path });
  }
  return bytes;
}
