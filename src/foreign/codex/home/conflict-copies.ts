import { closeSync, fstatSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { readFully } from "../../../lib/file-bytes.ts";
import { openToRead } from "../../../lib/open-file.ts";
import { ifPossible } from "../../../lib/system.ts";
import { isCopy, readRolloutName } from "./places.ts";

/** The names of what lies in a folder and is a copy of a rollout; none of a folder that can't be looked into. */
export function namesOfCopies(folder: string): string[] {
  const names = ifPossible(() => readdirSync(folder)) ?? [];
  return names.filter((name) => readRolloutName(name) && isCopy(name));
}

/**
 * Copies beside a rollout that hold what it doesn't: a sync program makes them where two machines wrote to it. Codex goes on with the file
 * that its database names (0.169). `names`: those in its folder (`namesOfCopies`).
 */
export function conflictCopies(path: string, names: readonly string[]): string[] {
  if (isCopy(path)) return [];
  const own = readRolloutName(path)?.rollout;
  return (
    names
      .filter((name) => name.endsWith(".jsonl") && readRolloutName(name)?.rollout === own)
      .map((name) => join(dirname(path), name))
      // What can't be read has nothing that could be had from it.
      .filter((copy) => ifPossible(() => isBeginning(copy, path)) === false)
  );
}

const chunk = 2 ** 20;

/** Whether a file begins with all of another one. */
function isBeginning(part: string, whole: string): boolean {
  const files: number[] = [];
  try {
    for (const path of [part, whole]) files.push(openToRead(path));
    const [own, other] = files as [number, number];
    const { size } = fstatSync(own);
    const [mine, theirs] = [Buffer.alloc(chunk), Buffer.alloc(chunk)];
    for (let at = 0; at < size; at += chunk) {
      const bytes = Math.min(chunk, size - at);
      const [one, two] = [mine.subarray(0, bytes), theirs.subarray(0, bytes)];
      if (readFully(own, one, at) !== readFully(other, two, at) || !one.equals(two)) return false;
    }
    return true;
  } finally {
    for (const file of files) closeSync(file);
  }
}
