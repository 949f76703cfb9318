import { existsSync, rmSync, type Stats, statSync } from "node:fs";
import { ifPossible, isPresent, isSystemError, systemWords } from "../../../lib/system.ts";
import { quoted } from "../../../lib/words.ts";
import { Failure } from "../../../failure.ts";
import { crashPoint } from "../../../lib/fault.ts";
import { pinOf } from "../examine/descendants.ts";
import { copyPrivately } from "./copy.ts";
import { appendLater } from "./gone-on.ts";
import { assertUntouched, keepTime, syncFile, writeInPlace } from "./in-place.ts";
import type { Backup, Journal, RepairFolder } from "./journal.ts";
import { isDatabaseError } from "../home/open-database.ts";
import { packedPath } from "../home/places.ts";
import type { FirstPrompt } from "../home/thread-rows.ts";
import { placeWhole, settlePacked } from "./packed.ts";
import { databasesOf } from "./known-file.ts";
import type { RepairPlan } from "./prepare.ts";
import { writingOf } from "../rollout/file/layout.ts";
import { indexKey, rightPlace } from "../home/misfits.ts";
import { copiesOf } from "./file-standing.ts";

/** A repair, or an undoing, that was carried out. */
export interface CompletedRepair {
  readonly journal: Journal;
  readonly folder: Backup;
  /** Where the rollout lies now: what was compressed is unpacked for a repair, and compressed again when that is taken back. */
  readonly path: string;
  /** What was changed; absent of an undoing, and of a repair that had been cut off and was finished now. */
  readonly plan?: RepairPlan;
}

/**
 * Writes the journal. What the system says of one that can be read all the same, but maybe not after a crash, is returned; of one that
 * can't, thrown.
 */
export function note(folder: RepairFolder, journal: Journal): Error | undefined {
  try {
    folder.write(journal);
    return undefined;
  } catch (error) {
    if (!isSystemError(error) || folder.read()?.state !== journal.state) throw error;
    return error;
  }
}

/**
 * Carries a journal out. `doubt`: what the system said when it was noted; not a byte is written then. Throws `store-unavailable` when that,
 * the disk, the rights or a database prevent it.
 */
export function complete(
  folder: RepairFolder,
  journal: Journal,
  stat: Stats,
  doubt?: Error,
): Promise<CompletedRepair> {
  return told(folder, journal, () => {
    if (doubt) throw doubt;
    return completed(folder, journal, stat);
  });
}

/** Tells what prevented the carrying out of a journal, and what to do about it. */
async function told<Result>(
  folder: RepairFolder,
  { path, state }: Journal,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    const [what, back] =
      state === "undoing"
        ? ["Taking back a repair of", ""]
        : ["A repair of", `, or take it back with: throughline repair ${quoted(path)} --undo`];
    throw new Failure(
      "store-unavailable",
      `${what} ${path} was cut off: ${systemWords(error)}. The file as it was before the repair is kept: ${folder.original}. When that is mended, finish it with: throughline repair ${quoted(path)} --write${back}`,
      { path },
      { cause: error },
    );
  }
}

/**
 * Writes the rollout and brings Codex's databases into line with it; every step can be taken again. `stat`: that of the rollout before.
 */
async function completed(folder: RepairFolder, journal: Journal, stat: Stats): Promise<CompletedRepair> {
  const { path, thread, before, after } = journal;
  const isUndoing = journal.state === "undoing";
  const databases = databasesOf(path);
  // Codex may have made its index since, of what now moves back.
  const isMoved = isUndoing && before.bytes !== after.bytes && pinOf(path) === undefined;
  const key = thread === undefined ? undefined : indexKey(path, thread);
  if (key !== undefined && (journal.forgotIndex || isMoved)) {
    if (!isUndoing) databases?.keepIndex(key, folder.index);
    databases?.forgetIndex(key);
  }
  crashPoint("repair-index-forgotten");
  const [, source] = copiesOf(folder, journal);
  if (journal.packed === undefined || isPresent(path)) {
    await writeInPlace(path, source);
    keepTime(path, stat);
  } else if (!isUndoing) await placeWhole(source, path, stat);
  crashPoint("repair-written");
  // It fits the bytes that it was made from, and nothing behind them.
  const isAsItWas = isUndoing && statSync(source).size === before.bytes;
  if (isAsItWas) restoreIndex(folder, journal);
  if (thread !== undefined && journal.movedFrom !== undefined) {
    const { movedFrom, movedIn, archivedAt, history, provider, firstPrompt } = journal;
    const named = { path: movedFrom, ...(archivedAt !== undefined && { archivedAt }) };
    const right = rightPlace(named, path);
    const isTakenOut = archivedAt !== undefined && right.archivedAt === undefined;
    const place = {
      path: isUndoing ? movedFrom : right.path,
      ...(history && { history: history[isUndoing ? 0 : 1] }),
      ...(provider !== undefined && { provider: isUndoing ? "" : provider }),
      ...(firstPrompt && { prompts: isUndoing ? firstPrompt.had : toldOf(firstPrompt) }),
      ...(isTakenOut && { archived: isUndoing ? archivedAt : ("not" as const) }),
    };
    databases?.setPlace(thread, place, movedIn);
  }
  await settlePacked(folder, journal, stat);
  crashPoint("repair-settled");
  return noted(folder, { ...journal, state: isUndoing ? "undone" : "done" });
}

/** The columns of a thread's row that are told its first prompt, with that. */
function toldOf({ prompt, had }: FirstPrompt): Record<string, string> {
  return Object.fromEntries(Object.keys(had).map((column) => [column, prompt]));
}

/** Gives Codex back what its index held of the rollout. */
function restoreIndex(folder: RepairFolder, { path, thread }: Journal): void {
  const key = thread === undefined ? undefined : indexKey(path, thread);
  if (key !== undefined) databasesOf(path)?.restoreIndex(key, folder.index);
}

/**
 * Takes a repair back of which something is in the rollout. `keeps`: whether what follows its bytes there is Codex's later work, which
 * comes after what is restored.
 */
export async function takeBack(
  folder: RepairFolder,
  journal: Journal,
  stat: Stats,
  keeps: "what-follows" | "nothing",
): Promise<CompletedRepair> {
  const { path, after } = journal;
  rmSync(folder.restored, { force: true });
  await copyPrivately(folder.original, folder.restored);
  if (keeps === "what-follows") {
    rmSync(folder.repaired, { force: true });
    await copyPrivately(path, folder.repaired);
    appendLater(folder.repaired, after.bytes, folder.restored, writingOf(folder.original)?.encoding);
  }
  const undoing: Journal = { ...journal, state: "undoing" };
  for (const file of [folder.restored, folder.repaired]) await syncFile(file);
  assertUntouched(path, stat, "its repair was taken back");
  return complete(folder, undoing, stat, note(folder, undoing));
}

/** Takes a repair back that has left nothing in the rollout; not a byte of that is written, which the disk may have no room for. */
export async function leave(folder: RepairFolder, journal: Journal, stat: Stats): Promise<CompletedRepair> {
  const { path, before } = journal;
  // Compressed still, or no longer than it was: Codex hasn't gone on in it.
  const isAsItWas = !isPresent(path) || statSync(path).size === before.bytes;
  if (isAsItWas) await told(folder, journal, async () => restoreIndex(folder, journal));
  await settlePacked(folder, { ...journal, state: "undoing" }, stat);
  return noted(folder, { ...journal, state: "undone" });
}

function noted(folder: RepairFolder, { goneOn: _goneOn, ...journal }: Journal): CompletedRepair {
  const { path } = journal;
  // Where that is lost in a crash, the same is done once more. Told as cut off, what is taken back would be repaired anew.
  note(folder, journal);
  crashPoint("repair-recorded");
  // It is done: what stays of these costs room alone.
  for (const file of [folder.repaired, folder.restored, folder.found, folder.merged, folder.worker])
    ifPossible(() => rmSync(file, { force: true }));
  return { journal, folder, path: existsSync(path) ? path : packedPath(path) };
}
