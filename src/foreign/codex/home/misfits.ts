import { closeSync, existsSync, fstatSync, openSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readerOf } from "../../../lib/file-bytes.ts";
import type { IndexState } from "./databases.ts";
import { homeOf, isArchived, isInHome, plainPath, readRolloutName } from "./places.ts";
import type { NamedPlace } from "./thread-rows.ts";

const newline = 0x0a;

/**
 * What is wrong with the place that a state database of a rollout's home names for it; `undefined` when nothing is. Another file of the
 * same home is a matter of which of the two is meant. One of another home is wrong: a copied home names it, and a resume in the copy would go
 * on in the original (measured with 0.169).
 */
export function placeMisfit(named: NamedPlace, path: string, isPaginated: boolean): string | undefined {
  const home = homeOf(path);
  if (home === undefined) return undefined;
  if (leadsTo(named.path, path)) {
    if (isPaginated && named.history === "legacy") return notLegacy;
    if (named.archivedAt !== undefined && !isArchived(path, home)) return notArchived;
    return named.provider === "" ? noProvider : undefined;
  }
  // Also false for what this user may not look at, as where the home was copied from another account.
  if (!existsSync(named.path)) return `it names ${named.path}, where no file can be seen`;
  if (isInHome(realpathSync(named.path), home)) return undefined;
  return `it names ${named.path}, which is another home's: a resume here goes on there`;
}

/** Whether a state database lists a rollout without any prompt: Codex's own lists leave it out then (0.169, 2026-11-24). */
export function isUntold({ path: named, prompts }: NamedPlace, path: string): boolean {
  return prompts?.["preview"] === "" && leadsTo(named, path);
}

/** Whether a place leads to a rollout, by whatever links. The place of a compressed one is where it will be unpacked. */
export function leadsTo(place: string, path: string): boolean {
  if (place === plainPath(path)) return true;
  if (existsSync(place)) return existsSync(path) && realpathSync(place) === realpathSync(path);
  return path !== plainPath(path) && resolved(place) === resolved(plainPath(path));
}

/** The path of a file that isn't there, without the links that lead to its folder. */
function resolved(path: string): string {
  const folder = dirname(path);
  return join(existsSync(folder) ? realpathSync(folder) : folder, basename(path));
}

/**
 * What the database should name instead: its own path where that leads to the file, else the file's. A session stays archived where its
 * file lies with the archived ones.
 */
export function rightPlace({ path: named, archivedAt }: PathAndArchive, path: string): PathAndArchive {
  const home = homeOf(path);
  const staysArchived = archivedAt !== undefined && home !== undefined && isArchived(path, home);
  return {
    path: leadsTo(named, path) ? named : path,
    ...(staysArchived && { archivedAt }),
  };
}

type PathAndArchive = Pick<NamedPlace, "path" | "archivedAt">;

/** The reason that Codex itself gives when it has met a file with a broken first line (0.169). */
const notLegacy =
  'it says that the session has no ordinals, and every resume fails: "list_turns is not supported yet"';
const notArchived =
  "it says that the session is archived, and the file lies among the others: no resume takes it, and codex unarchive doesn't find it";
/** Of a file that names none (up to 0.52) and came into a home that had its database already (0.169, 2026-11-23). */
const noProvider =
  'it names no provider for the session, and the app and the terminal refuse it: "model provider “”, which is no longer configured"';

/** What Codex's history index calls a rollout: by its own id, which for the first file of a thread is the thread's. */
export function indexKey(path: string, thread: string): string {
  return readRolloutName(path)?.rollout ?? thread;
}

/**
 * Whether the index of a rollout isn't this file's, but that of another one of its home with the same id, which a state database names: this
 * one is a copy, as programs that change sessions keep them under `sessions` (`__backups__`).
 */
export function isIndexOfAnother(places: readonly NamedPlace[], path: string): boolean {
  const [home, rollout] = [homeOf(path), readRolloutName(path)?.rollout];
  return places.some(({ path: named }) => {
    if (home === undefined || rollout === undefined || leadsTo(named, path) || !existsSync(named))
      return false;
    return readRolloutName(named)?.rollout === rollout && isInHome(realpathSync(named), home);
  });
}

/** How far a rollout was read, and what it says that an index of it has to fit. */
export interface ReadSoFar {
  readonly bytes: number;
  /** The ordinal that its next line gets, where its lines have ordinals in order. */
  readonly nextOrdinal: number | undefined;
  /** Offset at which the first turn of its own begins. */
  readonly firstTurn: number | undefined;
}

/** Why Codex's history index doesn't fit a rollout any more; `undefined` when it does, or will by itself. */
export function indexMisfit(
  { nextOffset, nextOrdinal, turnOffsets }: IndexState,
  path: string,
  read: ReadSoFar,
): string | undefined {
  // Codex passes over what has a lower ordinal than the one that it waits for (0.169).
  if (nextOffset === read.bytes && read.nextOrdinal !== undefined && nextOrdinal > read.nextOrdinal)
    return `the index waits for ordinal ${nextOrdinal}, and the next one is ${read.nextOrdinal}`;
  if (turnOffsets.length === 0 && nextOffset > (read.firstTurn ?? Infinity))
    return `the index has read ${nextOffset} bytes, and holds none of the turns in them`;
  const fd = openSync(path, "r");
  try {
    const { size } = fstatSync(fd);
    if (nextOffset > size) return `the index has read ${nextOffset} bytes of a file of ${size}`;
    const byteAt = (at: number): number | undefined => readerOf(fd)(at, 1)[0];
    const astray = turnOffsets.filter((at) => at > 0 && byteAt(at - 1) !== newline);
    if (astray.length > 0) return `${astray.length} of its turns begin where no line does`;
    return undefined;
  } finally {
    closeSync(fd);
  }
}
