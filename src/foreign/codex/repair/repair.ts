import { existsSync, lstatSync, readlinkSync, statSync } from "node:fs";
import { hasCode } from "../../../lib/system.ts";
import { quoted } from "../../../lib/words.ts";
import { Failure } from "../../../failure.ts";
import { crashPoint } from "../../../lib/fault.ts";
import { complete, type CompletedRepair, leave, note, takeBack } from "./carry-out.ts";
import { withLater } from "./gone-on.ts";
import { assertUntouched, digest, syncFile } from "./in-place.ts";
import { isUnfinished, type Journal, type KnownRepair, removeIfPossible, repairsOf } from "./journal.ts";
import { homeOf, packedPath, plainPath } from "../home/places.ts";
import { databasesOf, fileAt, fileToRepair, inUse, threadIdOf } from "./known-file.ts";
import { type PreparedRepair, prepareRepair, type RepairOptions, type RepairPlan } from "./prepare.ts";
import { isCompressed } from "../rollout/bytes/compressed.ts";
import { isHistoryWrong } from "./database-changes.ts";
import { beginsWith, copiesOf, isStillPacked, fileStandingOf } from "./file-standing.ts";
import { writeTranscript } from "./transcript.ts";
import { underLock } from "./under-lock.ts";

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
  const thread = threadIdOf(real, databasesOf(real));
  return underLock({ path: real, thread, isPacked: isCompressed(real) }, async () => {
    const stat = statSync(real);
    const prepared = await prepareRepair(real, options);
    let isBegun = false;
    try {
      onPrepared(prepared);
      if (!prepared.isNeeded) {
        prepared.folder.remove();
        return undefined;
      }
      const { folder, ...plan } = prepared;
      const journal = await settled(prepared, options.now ?? Date.now());
      if (plan.after.some(({ kind }) => kind !== "state-unreadable"))
        await writeTranscript(folder.original, folder.transcript);
      options.signal?.throwIfAborted();
      assertUntouched(real, stat, "its repair was worked out");
      const doubt = note(folder, journal);
      isBegun = true;
      crashPoint("repair-begun");
      return { ...(await complete(folder, journal, stat, doubt)), plan };
    } catch (error) {
      // From then on the rollout may need its copies, whatever a disk that fails says of them.
      if (!isBegun) removeIfPossible(prepared.folder);
      throw error;
    }
  });
}

/**
 * Finishes a repair, or an undoing, that was cut off. `named`: where the rollout lies now. A repair of which nothing came into the file, and
 * Codex has gone on in it since, is noted as undone: it doesn't fit any more. What Codex has written after one of which something did
 * stays. Throws `session-damaged` when the rollout or a copy of it isn't what was left.
 */
export async function finishRepair(known: KnownRepair, named: string): Promise<CompletedRepair> {
  const { folder } = known;
  const path = inUse(named);
  const journal = movedAlong(known.journal, plainPath(path));
  return underLock({ path, thread: journal.thread, isPacked: journal.packed !== undefined }, async () => {
    const stat = statSync(path);
    if (journal.state !== "undoing") {
      await assertKept(folder.original, journal.before, path);
      // What was appended since is in the copy already, where an undoing was cut off before it was noted.
      await assertKept(folder.repaired, journal.after, path, "or-more");
    }
    const standing = await fileStandingOf(path, folder, journal);
    switch (standing.as) {
      case "packed":
      case "between":
        assertUntouched(path, stat, "its repair was finished");
        return complete(folder, journal, stat);
      case "before":
        return leave(folder, journal, stat);
      case "after":
      case "gone-on": {
        const { since } = standing;
        if (since === undefined) break;
        return complete(folder, await withLater(folder, journal, { since, stat }), stat);
      }
      case "foreign":
      case "untold":
        break;
    }
    throw new Failure(
      "session-damaged",
      `${path} was changed after its repair had been cut off, so that it can be neither finished nor taken back. Nothing was changed now. The file as it was before is kept: ${copiesOf(folder, journal)[0]}. To have it repaired as it is now, move what is kept out of the way: mv ${quoted(folder.path)} .`,
      { path },
    );
  });
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
  const undoable = repairsOf(home, real).filter(({ journal }) => journal.state !== "undone");
  // A home that is gone may have been this one before it was moved, or a copy of it: the file's own repairs come first, but for one that
  // was cut off, which holds up every other.
  const isHere = ({ journal }: KnownRepair): boolean => homeOf(journal.path) === homeOf(real);
  const known = undoable.findLast(isUnfinished) ?? undoable.findLast(isHere) ?? undoable.at(-1);
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
      const standing = await fileStandingOf(real, folder, journal);
      switch (standing.as) {
        case "before":
          return leave(folder, journal, stat);
        case "between": {
          if ((await digest(real)) === journal.before.sha256) return leave(folder, journal, stat);
          // What follows is old content, where a repair that shortens the file was cut off before it had cut it; and later work, where an
          // undoing was cut off that had copied it, and hadn't been noted.
          const isCopied = statSync(folder.repaired).size > journal.after.bytes;
          return takeBack(folder, journal, stat, isCopied ? "what-follows" : "nothing");
        }
        case "after":
          if ((standing.since ?? 0) > journal.after.bytes) return undefined;
          return takeBack(folder, journal, stat, "what-follows");
        case "gone-on":
        case "foreign":
          return undefined;
        case "packed":
        case "untold":
          break;
      }
      throw new Failure(
        "session-damaged",
        `${real} isn't what the repair has left any more: more than appended to. Nothing was changed. The file as it was before the repair is kept: ${folder.original}`,
        { path: real },
      );
    },
  ).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT") || existsSync(folder.original)) throw error;
    // Before the rollout is written to, whoever deletes the session that was made of it may take that along.
    throw new Failure(
      "usage",
      `What the repair of ${real} had kept is gone: ${folder.path} was removed meanwhile. Nothing was changed. See what is wrong with it: throughline doctor ${quoted(real)}`,
      {},
      { cause: error },
    );
  });
  if (undone) return undone;
  // Codex has gone on in what was half written, or not yet cut: once that is whole, what is Codex's can be told. What is foreign is refused
  // here.
  await finishRepair(known, real);
  return undoRepair(real, { home });
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
  const { movedFrom: _movedFrom, movedIn: _movedIn, archivedAt: _archivedAt, ...rest } = journal;
  return { ...rest, path };
}

/** Makes the files of a prepared repair durable. Resolves to its journal, which is not written yet. */
async function settled(prepared: PreparedRepair, now: number): Promise<Journal> {
  const { folder, path, thread, bytes, firstPrompt } = prepared;
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
    ...(prepared.movedFrom && { movedFrom: prepared.movedFrom.path, movedIn: [...(prepared.movedIn ?? [])] }),
    ...(isHistoryWrong(prepared) && { history: ["legacy", "paginated"] as const }),
    ...(prepared.provider !== undefined && { provider: prepared.provider }),
    ...(firstPrompt && { firstPrompt: { ...firstPrompt, had: { ...firstPrompt.had } } }),
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
