import {
  closeSync,
  existsSync,
  fchmodSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  symlinkSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { giveTo } from "../../../lib/owner.ts";
import { hasCode, isPresent, syncPath } from "../../../lib/system.ts";
import { appendAll } from "../../../lib/write.ts";
import { unpacked } from "../rollout/bytes/compressed.ts";
import { copyPrivately } from "./copy.ts";
import { digest, keepTime, syncFile } from "./in-place.ts";
import { packedPath } from "../home/places.ts";
import type { Journal, RepairFolder } from "./journal.ts";

/** Unpacks a compressed rollout into a new file that only its owner can read. Resolves to why it can't be unpacked to its end. */
export async function unpackPrivately(packed: string, to: string): Promise<string | undefined> {
  let broken: string | undefined;
  const fd = openSync(to, "wx", 0o600);
  try {
    for await (const bytes of unpacked(packed, (why) => (broken = why))) appendAll(fd, bytes);
  } finally {
    closeSync(fd);
  }
  return broken;
}

/**
 * Puts a copy of `source` where no file is, durably, and whole or not at all: who looks meanwhile sees nothing or all of it. It gets the
 * rights, the owner and the time of the file that `like` tells of. Throws the system's error where a file is there.
 */
export async function placeWhole(source: string, path: string, like: Stats): Promise<void> {
  const draft = draftOf(path);
  rmSync(draft, { force: true });
  try {
    await copyPrivately(source, draft);
    const fd = openSync(draft, "r+");
    try {
      giveTo(fd, like);
      fchmodSync(fd, like.mode & 0o7777);
    } finally {
      closeSync(fd);
    }
    keepTime(draft, like);
    await syncFile(draft);
    giveName(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  syncPath(dirname(path));
}

const draftOf = (path: string): string => join(dirname(path), `.${basename(path)}.throughline`);

/** Unlike a rename, a link never takes the place of a file that was made meanwhile; some disks have none (exFAT). */
function giveName(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (hasCode(error, "EEXIST") || isPresent(path)) throw error;
    renameSync(draft, path);
  }
}

/** Puts the compressed file back: as the link that it was, where that still leads to it, else as a copy. */
async function placeArchive(folder: RepairFolder, { path, packed }: Journal, stat: Stats): Promise<void> {
  const archive = packedPath(path);
  const link = packed?.link;
  const target = link === undefined ? undefined : resolve(dirname(archive), link);
  if (link === undefined || !existsSync(target!) || (await digest(target!)) !== packed!.sha256) {
    await placeWhole(folder.packed, archive, stat);
    return;
  }
  symlinkSync(link, archive);
  syncPath(dirname(archive));
}

/**
 * Removes the compressed file once its rollout stands beside it, as Codex does when it unpacks one. When the repair is taken back, it is the
 * rollout that goes and the compressed file that comes back, unless Codex has written to the rollout since, or the copy isn't whole any more.
 * `stat`: that of the file before.
 */
export async function settlePacked(folder: RepairFolder, journal: Journal, stat: Stats): Promise<void> {
  const { path, packed, before, state } = journal;
  if (packed === undefined) return;
  const archive = packedPath(path);
  // One that was killed before it could remove its draft has given that the rollout's name already.
  for (const placed of [path, archive]) rmSync(draftOf(placed), { force: true });
  const isIt = async (file: string): Promise<boolean> =>
    isPresent(file) && (await digest(file)) === packed.sha256;
  const removeArchive = async (): Promise<void> => {
    if (await isIt(archive)) rmSync(archive);
  };
  if (state === "undoing") {
    // Taken back before it was unpacked, it lies there as it was.
    if (!isPresent(path)) return;
    if ((await digest(path)) !== before.sha256) await removeArchive();
    else {
      if (!isPresent(archive) && (await isIt(folder.packed))) await placeArchive(folder, journal, stat);
      if (await isIt(archive)) rmSync(path);
    }
  } else await removeArchive();
  syncPath(dirname(path));
}
