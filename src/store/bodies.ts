import type { BodyRef } from "../session/event.ts";
import { readFully, type ByteSource } from "./source.ts";

const runBytes = 2 ** 18;
/** Bytes between two refs that are read along rather than skipped. */
const gapBytes = 2 ** 16;

/**
 * The bytes of the refs, in their order, one buffer or more each. Neighbours are read in one go, and the next run is read while one is
 * used. A buffer stays valid: it can be queued on a socket.
 */
export async function* readBodies(
  source: ByteSource,
  refs: readonly BodyRef[],
  path: string,
): AsyncGenerator<Uint8Array> {
  const runs = cutRuns(refs);
  let next = runs.next();
  let loading = next.done ? undefined : load(source, next.value, path);
  try {
    while (loading && !next.done) {
      const run = next.value;
      const bytes = await loading;
      next = runs.next();
      loading = next.done ? undefined : load(source, next.value, path);
      for (const { offset, length } of run.refs)
        yield bytes.subarray(offset - run.offset, offset - run.offset + length);
    }
  } finally {
    await Promise.allSettled([loading]);
  }
}

export async function readBody(source: ByteSource, ref: BodyRef, path: string): Promise<Uint8Array> {
  return load(source, ref, path);
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

async function load(source: ByteSource, { offset, length }: BodyRef, path: string): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  if ((await readFully(source, bytes, offset)) < length) {
    throw new RangeError(`${path} ends before byte ${offset + length}`);
  }
  return bytes;
}
