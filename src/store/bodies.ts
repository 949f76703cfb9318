import type { BodyRef } from "../session/event.ts";
import { readFully, type ByteSource } from "./source.ts";

const runBytes = 2 ** 18;
/** Bytes between two refs that are read along rather than skipped. */
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
    // It may fail while the caller is still at the run before; it is told when the caller asks for this one.
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
      yield run.refs.map(({ offset, length }) =>
        bytes.subarray(offset - run.offset, offset - run.offset + length),
      );
    }
  } finally {
    // Nothing may still be reading when the caller closes the file.
    await Promise.allSettled([loading]);
  }
}

export async function readBody(source: ByteSource, ref: BodyRef, path: string): Promise<Uint8Array> {
  return fill(Buffer.allocUnsafeSlow(ref.length), source, ref.offset, path);
}

interface Run extends BodyRef {
  refs: BodyRef[];
}

function* cutRuns(refs: readonly BodyRef[]): Generator<Run, undefined> {
  let run: { offset: number; length: number; refs: BodyRef[] } | undefined;
  for (const ref of refs) {
    const gap = run ? ref.offset - (run.offset + run.length) : -1;
    if (run && gap >= 0 && gap <= gapBytes && run.length + gap + ref.length <= runBytes) {
      run.length += gap + ref.length;
      run.refs.push(ref);
      continue;
    }
    if (run) yield run;
    run = undefined;
    if (ref.length <= runBytes) {
      run = { ...ref, refs: [ref] };
      continue;
    }
    for (let at = 0; at < ref.length; at += runBytes) {
      const piece = { offset: ref.offset + at, length: Math.min(runBytes, ref.length - at) };
      yield { ...piece, refs: [piece] };
    }
  }
  if (run) yield run;
  return undefined;
}

async function fill(bytes: Buffer, source: ByteSource, offset: number, path: string): Promise<Buffer> {
  if ((await readFully(source, bytes, offset)) < bytes.length) {
    throw new RangeError(`${path} ends before byte ${offset + bytes.length}`);
  }
  return bytes;
}
