import { existsSync, lstatSync, readlinkSync, rmSync, statSync, type Stats } from "node:fs";
import { quoted, systemWords } from "../../../lib/words.ts";
import { Failure } from "../../../failure.ts";
import { crashPoint } from "../../../lib/fault.ts";
import { copyPrivately } from "./edit.ts";
import { appendLater, goneOnAt, withLater } from "./gone-on.ts";
import { assertUntouched, digest, isBetween, keepTime, syncFile, writeInPlace } from "./in-place.ts";
import {
  type Backup,
  isUnfinished,
  type Journal,
  type KnownRepair,
  type RepairFolder,
  repairsOf,
} from "./journal.ts";
import { isDatabaseError } from "../home/open-database.ts";
import { packedPath, plainPath } from "../home/places.ts";
import { placeWhole, settlePacked } from "./packed.ts";
import {
  databasesOf,
  fileAt,
  fileToRepair,
  type PreparedRepair,
  prepareRepair,
  type RepairOptions,
  type RepairPlan,
  threadOf,
} from "./prepare.ts";
import { isCompressed } from "../rollout/compressed.ts";
import { writingOf } from "../rollout/layout.ts";
import { indexKey, rightPlace } from "../home/misfits.ts";
import { writeTranscript } from "./transcript.ts";
import { underLock } from "./under-lock.ts";

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
 * Repairs a rollout in place, under the lock that keeps Codex out; one that was cut off is finished. `onPrepared` is told of the repair
 * before the file is touched; what it throws stops it. Resolves to `undefined` when there is nothing to repair.
 *
 * Throws `usage` for what is no plain file; `lease-held` when a living process holds the thread or the file, or has changed it meanwhile;
 * `session-damaged` when a repair was cut off and the rollout isn't what that one has left; `store-unavailable` when it was cut off now. In
 * the last case the same call finishes it; in the others nothing was changed. What the file system refuses is thrown as it is (`EACCES`).
 */
export async function repairRollout(
  path: string,
  options: RepairOptions,
  onPrepared: (plan: RepairPlan) => void = () => {},
): Promise<CompletedRepair | undefined> {
  const known = fileAt(path);
  const cutOff = repairsOf(options.home, known).find(isUnfinished);
  const finished = cutOff && (await finishRepair(cutOff, known));
  const isLeft = cutOff?.journal.state === "writing" && finished?.journal.state === "undone";
  if (finished && !isLeft) return finished;
  const real = fileToRepair(path);
  const thread = threadOf(real, databasesOf(real));
  return underLock({ path: real, thread, isPacked: isCompressed(real) }, async () => {
    const stat = statSync(real);
    const prepared = await prepareRepair(real, options);
    try {
      onPrepared(prepared);
      if (!prepared.isNeeded) {
        prepared.folder.remove();
        return undefined;
      }
      const { folder, ...plan } = prepared;
      const journal = await settled(prepared, options.now ?? Date.now());
      options.signal?.throwIfAborted();
      assertUntouched(real, stat, "its repair was worked out");
      folder.write(journal);
      crashPoint("repair-begun");
      const done = await complete(folder, journal, stat);
      if (plan.after.length > 0) await writeTranscript(folder.original, folder.transcript);
      return { ...done, plan };
    } catch (error) {
      if (prepared.folder.read() === undefined) prepared.folder.remove();
      throw error;
    }
  });
}

/**
 * Finishes a repair, or an undoing, that was cut off. `named`: where the rollout lies now. A repair of which nothing came into the file, and
 * Codex has gone on in it since, is noted as undone: it doesn't fit any more. What Codex has written behind one of which something did
 * stays. Throws `session-damaged` when the rollout or a copy of it isn't what was left.
 */
export async function finishRepair(known: KnownRepair, named: string): Promise<CompletedRepair> {
  const { folder } = known;
  const path = inUse(named);
  const journal = movedAlong(known.journal, plainPath(path));
  return underLock({ path, thread: journal.thread, isPacked: journal.packed !== undefined }, async () => {
    const stat = statSync(path);
    const isUndoing = journal.state === "undoing";
    if (!isUndoing) {
      await assertKept(folder.original, journal.before, path);
      // What was appended since is already in the copy, if an earlier version's finishing was cut off.
      await assertKept(folder.repaired, journal.after, path, "or-more");
    }
    const [from, to] = sourcesOf(folder, journal);
    if (!(await isStillPacked(path, journal)) && !(await isBetween(path, from, to))) {
      if (!isUndoing && !(await beginsWith(path, journal.after)) && (await beginsWith(path, journal.before)))
        return leave(folder, journal, stat);
      const since = journal.goneOn ? undefined : await goneOnAt(path, from, to);
      if (since !== undefined)
        return complete(folder, await withLater(folder, journal, { since, stat }), stat);
      throw new Failure(
        "session-damaged",
        `${path} was changed after its repair had been cut off, so that it can be neither finished nor taken back. Nothing was changed now. The file as it was before is kept: ${from}. To have it repaired as it is now, move what is kept out of the way: mv ${quoted(folder.path)} .`,
        { path },
      );
    }
    return complete(folder, journal, stat);
  });
}

/** The copies of the rollout as it was before it was written to, and as it becomes. */
function sourcesOf(folder: RepairFolder, { state, goneOn }: Journal): [string, string] {
  if (goneOn) return [folder.found, folder.merged];
  return state === "undoing" ? [folder.repaired, folder.restored] : [folder.original, folder.repaired];
}

/**
 * Takes the last repair of a rollout back. `home`: the one that it was made with. What Codex has written since stays, after what is
 * restored. Throws `usage` when there is none, `session-damaged` when the file was changed otherwise since, and as `repairRollout` does.
 */
export async function undoRepair(
  path: string,
  { home }: Pick<RepairOptions, "home">,
): Promise<CompletedRepair> {
  const real = inUse(fileAt(path));
  const known = repairsOf(home, real).findLast(
    ({ journal }) => journal.state === "done" || journal.state === "writing" || journal.state === "undoing",
  );
  if (!known) {
    throw new Failure(
      "usage",
      `There is no repair of ${real} to take back. Nothing was changed. See what is wrong with it: throughline doctor ${quoted(real)}`,
      {},
    );
  }
  const { folder } = known;
  const journal = movedAlong(known.journal, plainPath(real));
  if (journal.state === "undoing") return finishRepair(known, real);
  const isPacked = await isStillPacked(real, journal);
  if (isCompressed(real) && !isPacked)
    throw new Failure(
      "usage",
      `${real} was compressed after its repair. Nothing was changed. Unpack it first, as Codex does on resume: zstd -d --rm ${quoted(real)}`,
      {},
    );
  const undone = await underLock(
    { path: real, thread: journal.thread, isPacked: journal.packed !== undefined },
    async () => {
      const stat = statSync(real);
      if (isPacked) return leave(folder, journal, stat);
      if (journal.goneOn) return undefined;
      await assertKept(folder.original, journal.before, real);
      const isWriting = journal.state === "writing";
      // When a repair that shortens the file is cut off before it has cut the file, what follows its bytes is old content and no later
      // work.
      const isCutOff =
        isWriting && existsSync(folder.repaired) && (await isBetween(real, folder.original, folder.repaired));
      const isWhole = !isCutOff && (await beginsWith(real, journal.after));
      if (isWriting && !isCutOff && !isWhole && (await beginsWith(real, journal.before)))
        return leave(folder, journal, stat);
      if (!isWhole && !isCutOff) {
        if (isWriting && existsSync(folder.repaired)) return undefined;
        throw new Failure(
          "session-damaged",
          `${real} isn't what the repair has left any more: more than appended to. Nothing was changed. The file as it was before the repair is kept: ${folder.original}`,
          { path: real },
        );
      }
      rmSync(folder.restored, { force: true });
      await copyPrivately(folder.original, folder.restored);
      if (isWhole) {
        rmSync(folder.repaired, { force: true });
        await copyPrivately(real, folder.repaired);
        const encoding = writingOf(folder.original)?.encoding;
        appendLater(folder.repaired, journal.after.bytes, folder.restored, encoding);
      }
      const undoing = { ...journal, state: "undoing" as const };
      for (const file of [folder.restored, folder.repaired]) await syncFile(file);
      assertUntouched(real, stat, "its repair was taken back");
      folder.write(undoing);
      return complete(folder, undoing, stat);
    },
  );
  if (undone) return undone;
  // Codex has gone on in what was half written: once that is whole, what is Codex's can be told.
  await finishRepair(known, real);
  return undoRepair(real, { home });
}

/** The file that Codex goes on with: where a compressed one and what it was unpacked to both stand, as after a repair that was cut off, the latter. */
function inUse(path: string): string {
  const plain = plainPath(path);
  return existsSync(plain) ? plain : path;
}

/** Whether the file is the compressed one of a repair, or of its undoing, that was cut off before it was unpacked, or after it came back. */
async function isStillPacked(path: string, { packed, state }: Journal): Promise<boolean> {
  return isCompressed(path) && state !== "done" && packed !== undefined && (await beginsWith(path, packed));
}

/** Whether a file begins with what the journal says, whatever follows. */
async function beginsWith(path: string, { bytes, sha256 }: Journal["after"]): Promise<boolean> {
  return statSync(path).size >= bytes && (await digest(path, bytes)) === sha256;
}

/** Throws unless a copy is what the journal says: writing a rollout from half a copy would destroy the session. */
async function assertKept(
  copy: string,
  kept: Journal["after"],
  path: string,
  more?: "or-more",
): Promise<void> {
  if (existsSync(copy) && (await beginsWith(copy, kept)) && (more || statSync(copy).size === kept.bytes))
    return;
  throw new Failure(
    "session-damaged",
    `${copy} is ${existsSync(copy) ? "not as the repair has left it any more" : "gone"}, and ${path} can't be written without it. Nothing was changed. Put that file back from a copy and try again, or go on with all that can be read: throughline resume ${quoted(path)}`,
    { path },
  );
}

/** The journal for a file that was moved since: the state database names its new place now, whatever it named before the repair. */
function movedAlong(journal: Journal, path: string): Journal {
  if (journal.path === path) return journal;
  const { movedFrom: _movedFrom, archivedAt: _archivedAt, ...rest } = journal;
  return { ...rest, path };
}

/** Makes the files of a prepared repair durable. Resolves to its journal, which is not written yet. */
async function settled(prepared: PreparedRepair, now: number): Promise<Journal> {
  const { folder, path, thread, bytes } = prepared;
  const journal: Journal = {
    schema: 1,
    path,
    ...(thread !== undefined && { thread }),
    at: now,
    state: "writing",
    before: { bytes: bytes.before, sha256: await digest(folder.original) },
    after: { bytes: bytes.after, sha256: await digest(folder.repaired) },
    ...(prepared.packed && { packed: await packedAs(packedPath(path), folder.packed) }),
    mended: prepared.mended,
    forgotIndex: prepared.forgetsIndex,
    ...(prepared.movedFrom && { movedFrom: prepared.movedFrom.path }),
    ...(isHistoryWrong(prepared) && { history: ["legacy", "paginated"] as const }),
    ...(prepared.movedFrom?.archivedAt !== undefined && { archivedAt: prepared.movedFrom.archivedAt }),
  };
  for (const file of [folder.original, folder.packed, folder.repaired, folder.setAside])
    if (existsSync(file)) await syncFile(file);
  crashPoint("repair-prepared");
  return journal;
}

/** What the journal keeps of a compressed file, from the copy of it. */
async function packedAs(path: string, copy: string): Promise<NonNullable<Journal["packed"]>> {
  const isLink = lstatSync(path).isSymbolicLink();
  return {
    bytes: statSync(copy).size,
    sha256: await digest(copy),
    ...(isLink && { link: readlinkSync(path) }),
  };
}

function isHistoryWrong({ movedFrom, isPaginated }: PreparedRepair): boolean {
  return isPaginated && movedFrom?.history === "legacy";
}

/** Carries a journal out. Throws `store-unavailable` when the disk, the rights or a database prevent it. */
async function complete(folder: RepairFolder, journal: Journal, stat: Stats): Promise<CompletedRepair> {
  try {
    return await completed(folder, journal, stat);
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    const { path, state } = journal;
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
  const { path, thread } = journal;
  const isUndoing = journal.state === "undoing";
  const databases = databasesOf(path);
  if (thread !== undefined && journal.forgotIndex) databases?.forgetIndex(indexKey(path, thread));
  const [, source] = sourcesOf(folder, journal);
  if (journal.packed === undefined || existsSync(path)) {
    await writeInPlace(path, source);
    keepTime(path, stat);
  } else if (!isUndoing) await placeWhole(source, path, stat);
  crashPoint("repair-written");
  if (thread !== undefined && journal.movedFrom !== undefined) {
    const { movedFrom, archivedAt, history } = journal;
    const before = { path: movedFrom, ...(archivedAt !== undefined && { archivedAt }) };
    const right = rightPlace(before, path);
    const isTakenOut = archivedAt !== undefined && right.archivedAt === undefined;
    databases?.setPlace(thread, {
      path: isUndoing ? movedFrom : right.path,
      ...(history && { history: history[isUndoing ? 0 : 1] }),
      ...(isTakenOut && { archived: isUndoing ? archivedAt : "not" }),
    });
  }
  await settlePacked(folder, journal, stat);
  crashPoint("repair-settled");
  return noted(folder, { ...journal, state: isUndoing ? "undone" : "done" });
}

/** Takes a repair back that has left nothing in the rollout; not a byte of that is written, which the disk may have no room for. */
async function leave(folder: RepairFolder, journal: Journal, stat: Stats): Promise<CompletedRepair> {
  await settlePacked(folder, { ...journal, state: "undoing" }, stat);
  return noted(folder, { ...journal, state: "undone" });
}

function noted(folder: RepairFolder, { goneOn: _goneOn, ...journal }: Journal): CompletedRepair {
  const { path } = journal;
  folder.write(journal);
  crashPoint("repair-recorded");
  for (const file of [folder.repaired, folder.restored, folder.found, folder.merged])
    rmSync(file, { force: true });
  return { journal, folder, path: existsSync(path) ? path : packedPath(path) };
}
