import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { giveTo } from "../../lib/owner.ts";
import { appendAll } from "../../lib/write.ts";
import { crashPoint } from "../../lib/fault.ts";
import { hasCode, isSystemError, messageOf } from "../../lib/system.ts";
import { inFolder, makeFolders, removeFolders, type OpenFolder } from "./folder.ts";
import { hashOf, type PatchOp, type PatchRecord, type Version } from "./record.ts";

/** What came of carrying a patch out. */
export type CarriedOut =
  | { kind: "applied" }
  /** These files were changed by somebody else since: neither as before nor as after. The others are as after the patch. */
  | { kind: "conflicts"; paths: string[] }
  /** A file couldn't be written; those that were have been put back. `kept`: those that could not be put back. */
  | { kind: "rolled-back"; path: string; why: string; kept: string[] };

/**
 * Brings every file of the record to its state after the patch, whatever part of that was done before. `resumed`: a crash came in
 * between, so a file that somebody changed since is left alone and reported; otherwise it takes the whole patch back.
 */
export function carryOut(spool: string, record: PatchRecord, resumed: boolean): CarriedOut {
  const made: string[] = [];
  const conflicts: string[] = [];
  for (const [index, op] of record.ops.entries()) {
    try {
      if (resumed) removeDrafts(record, op);
      const now = currentHash(op.path);
      if (now === (op.after?.hash ?? null)) continue;
      if (now === (op.before?.hash ?? null)) {
        if (op.after) made.push(...makeFolders(dirname(op.path)));
        put(spool, record, op.path, op.after);
      } else if (resumed) conflicts.push(op.path);
      else throw new Error("it was changed by somebody else while the patch was being applied");
    } catch (error) {
      const kept = rollBack(spool, record, index);
      removeFolders(made);
      return { kind: "rolled-back", path: op.path, why: wordsOf(error), kept };
    }
    crashPoint("patch-half-applied");
  }
  return conflicts.length > 0 ? { kind: "conflicts", paths: conflicts } : { kind: "applied" };
}

/**
 * Puts back the files that the patch has written so far, the last one first, so that a crash on the way leaves a record that is done up
 * to some file. Those after `failed` were not reached. Returns the files that could not be put back.
 */
function rollBack(spool: string, record: PatchRecord, failed: number): string[] {
  const kept: string[] = [];
  for (let index = failed; index >= 0; index--) {
    const { path, before, after } = record.ops[index]!;
    try {
      const now = currentHash(path);
      if (now === (after?.hash ?? null) && now !== (before?.hash ?? null)) put(spool, record, path, before);
    } catch (error) {
      // The file that failed may be out of reach altogether; then the patch hasn't changed it.
      if (index < failed) kept.push(`${path} (${messageOf(error)})`);
    }
  }
  return kept;
}

/** What went wrong, without the path that the system was given: the draft's, by a handle's number. */
function wordsOf(error: unknown): string {
  const message = messageOf(error);
  const words = isSystemError(error) ? message.replace(/, \w+ '.*$/su, "") : message;
  return hasCode(error, "EACCES", "EPERM", "EROFS") ? `its folder can't be written to (${words})` : words;
}

/** The hash of the file, `null` when there is none, and a word for what is no regular file. */
function currentHash(path: string): string | null {
  const parent = dirname(path);
  if (!lstatSync(parent, { throwIfNoEntry: false })) return null;
  return inFolder(parent, (folder) => {
    const stats = lstatSync(folder.file(basename(path)), { throwIfNoEntry: false });
    if (!stats) return null;
    return stats.isFile() ? hashOf(readFileSync(folder.file(basename(path)))) : "not a regular file";
  });
}

/** Makes the file the given version: a draft in the same folder, durable, then a rename over it; or takes it away. */
function put(spool: string, record: PatchRecord, path: string, version: Version): void {
  inFolder(dirname(path), (folder) => {
    const file = folder.file(basename(path));
    if (!version) rmSync(file, { force: true });
    else {
      const content = readFileSync(join(spool, record.stage, version.staged));
      const draft = folder.file(`${draftPrefix(record)}${process.pid}`);
      try {
        writeDraft(draft, content, version);
        renameSync(draft, file);
      } catch (error) {
        rmSync(draft, { force: true });
        throw error;
      }
    }
    folder.sync();
  });
}

function writeDraft(draft: string, content: Buffer, { mode, owner }: NonNullable<Version>): void {
  rmSync(draft, { force: true });
  // "wx" follows no symbolic link and takes no file that is there.
  const file = openSync(draft, "wx", mode ?? 0o666);
  try {
    appendAll(file, content);
    if (owner) giveTo(file, owner);
    // After the owner, whose change takes a set-user-ID bit away.
    if (mode !== undefined) fchmodSync(file, mode);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const draftPrefix = (record: PatchRecord): string => `.throughline-${record.id}-`;

/** Drafts of an owner that died before its rename. */
function removeDrafts(record: PatchRecord, op: PatchOp): void {
  const sweep = (folder: OpenFolder): void => {
    for (const name of readdirSync(folder.file("."))) {
      if (name.startsWith(draftPrefix(record))) rmSync(folder.file(name), { force: true });
    }
  };
  try {
    inFolder(dirname(op.path), sweep);
  } catch (error) {
    // The folder was not made yet, or went away since.
    if (!hasCode(error, "ENOENT")) throw error;
  }
}
