import { closeSync, openSync, readSync } from "node:fs";
import { readHeader } from "./header.ts";
import { linesIn } from "./lines.ts";
import { homeOf, listRollouts, readRolloutName } from "./places.ts";
import { readRecord } from "./record.ts";

const longestHeader = 2 ** 20;

/**
 * Up to which byte other files point into this one: the segments of a reverted thread (0.159 and later) name the byte at which they cut
 * the one before them off. What stands before that byte has to keep its place. 0 where nobody points.
 */
export function pinnedBytes(path: string): number {
  const [own, home] = [readRolloutName(path), homeOf(path)];
  if (!own || home === undefined) return 0;
  const others = listRollouts(home).filter(
    (file) => file.thread === own.thread && file.rollout !== own.rollout,
  );
  const ends = others.map((file) => {
    if (file.form !== "jsonl") return 0;
    const base = firstHeader(file.path)?.historyBase;
    return base?.rollout.toLowerCase() === own.rollout ? (base.endOffset ?? 0) : 0;
  });
  return Math.max(0, ...ends);
}

function firstHeader(path: string): ReturnType<typeof readHeader> {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(longestHeader);
    const [line] = linesIn(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)));
    const record = line && readRecord(line);
    return record?.readable ? readHeader(record.payload) : undefined;
  } finally {
    closeSync(fd);
  }
}
