import { Failure } from "../failure.ts";
import type { BodyRef } from "../session/event.ts";
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
    if (memory[turn % 2]!.length < run.length) memory[turn % 2] = Buffer.allocUnsafeSlow(run.length);
    const filling = fill(memory[turn % 2]!.subarray(0, run.length), source, run.offset, path);
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
      yield viewsOf(bytes, run, refs);
    }
  } finally {
    // The caller may close the file after this: no read may still be under way.
    await Promise.allSettled([loading]);
  }
}

/** One item's bytes, in memory of their own. */
export async function readBody(source: ByteSource, ref: BodyRef, path: string): Promise<Uint8Array> {
  return fill(Buffer.allocUnsafeSlow(ref.length), source, ref.offset, path);
}

/** What is read in one go: the refs `[first, past)`, or a piece of one that is too long. */
interface Run extends BodyRef {
  first: number;
  past: number;
}

function* cutRuns(refs: readonly BodyRef[]): Generator<Run, undefined> {
  for (let first = 0; first < refs.length;) {
    const { offset, length } = refs[first]!;
    if (length > runBytes) {
      for (let at = 0; at < length; at += runBytes)
        yield { offset: offset + at, length: Math.min(runBytes, length - at), first, past: first };
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

function viewsOf(bytes: Buffer, run: Run, refs: readonly BodyRef[]): Uint8Array[] {
  if (run.first === run.past) return [bytes];
  const views: Uint8Array[] = [];
  for (let at = run.first; at < run.past; at++) {
    const { offset, length } = refs[at]!;
    views.push(new Uint8Array(bytes.buffer, bytes.byteOffset + offset - run.offset, length));
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
