import { existsSync } from "node:fs";
import { quoted } from "../../../lib/words.ts";
import { Failure } from "../../../failure.ts";
import { firstHeader } from "../rollout/file/file-header.ts";
import { CodexDatabases } from "../home/databases.ts";
import { homeOf, isThreadId, pathKnownTo, plainPath, readRolloutName, whereIs } from "../home/places.ts";

/**
 * The path by which the file is known; of one that was unpacked or compressed since, that of the file that it became. Throws `usage` where
 * there is none.
 */
export function fileAt(path: string): string {
  const there = whereIs(path);
  if (there === undefined)
    throw new Failure("usage", `${path} is no file. See which sessions there are: throughline doctor`, {});
  return pathKnownTo()(there);
}

/** As `fileAt`; throws `usage` for a file that can't be repaired, too. */
export function fileToRepair(path: string): string {
  const known = fileAt(path);
  const plain = plainPath(known);
  if (plain !== known && existsSync(plain)) {
    throw new Failure(
      "usage",
      `${known} stands beside the file that it was unpacked to, and Codex uses that one. Nothing was changed. Repair that one: throughline repair ${quoted(plain)}`,
      {},
    );
  }
  return known;
}

/**
 * The file that Codex goes on with: where a compressed one and what it was unpacked to both stand, as after a repair that was cut off, the
 * latter.
 */
export function inUse(path: string): string {
  const plain = plainPath(path);
  return existsSync(plain) ? plain : path;
}

/** The databases of the Codex home that a rollout lies in; `undefined` when it lies in none. */
export function databasesOf(path: string): CodexDatabases | undefined {
  const home = homeOf(path);
  return home === undefined ? undefined : new CodexDatabases(home);
}

/** The thread of a rollout by its file's name, its first line, or else by the state database that names the file. */
export function threadIdOf(path: string, databases: CodexDatabases | undefined): string | undefined {
  const known = [
    readRolloutName(path)?.thread,
    firstHeader(path)?.id,
    databases?.rowAt(plainPath(path))?.["id"],
  ];
  return known.find(isThreadId);
}
