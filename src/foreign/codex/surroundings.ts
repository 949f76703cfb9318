import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { IndexState } from "./databases.ts";

const newline = 0x0a;

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
