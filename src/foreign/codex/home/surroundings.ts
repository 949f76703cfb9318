import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import type { IndexState } from "./databases.ts";
import { isInHome, readRolloutName } from "./places.ts";

const newline = 0x0a;

/**
 * What is wrong with the place that a home's state database names for a rollout; `undefined` when nothing is. Another file of the same home
 * is a matter of which of the two is meant. One of another home is none: it is what a copied home names, and a resume in the copy would
 * go on in the original (measured with 0.169).
 */
export function placeMisfit(named: string, path: string, home: string): string | undefined {
  if (named === path) return undefined;
  if (!statSync(named, { throwIfNoEntry: false })) return `it names ${named}, where there is nothing`;
  const real = realpathSync(named);
  if (real === realpathSync(path) || isInHome(real, home)) return undefined;
  return `it names ${named}, which is another home's: a resume here goes on there`;
}

/** What Codex's history index calls a rollout: by its own id, which for the first file of a thread is the thread's. */
export function indexKey(path: string, thread: string | undefined): string | undefined {
  return readRolloutName(path)?.rollout ?? thread;
}

/** Why Codex's history index doesn't fit a rollout any more; `undefined` when it does, or will by itself. */
export function indexMisfit({ nextOffset, turnOffsets }: IndexState, path: string): string | undefined {
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    if (nextOffset > size) return `the index has read ${nextOffset} bytes of a file of ${size}`;
    const before = Buffer.alloc(1);
    const astray = turnOffsets.filter(
      (at) => at > 0 && !(readSync(fd, before, 0, 1, at - 1) === 1 && before[0] === newline),
    );
    if (astray.length > 0) return `${astray.length} of its turns begin where no line does`;
    return undefined;
  } finally {
    closeSync(fd);
  }
}
